#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod builder;
mod challenge;
mod channel;
mod conversation;
mod credential;
mod data_uri;
mod discovery;
mod error;
mod events;
mod flight;
mod hosts;
mod incoming;
mod message;
mod messenger;
mod operation;
mod outcome;
mod reason;
mod resource;
mod send;
mod session;
mod settle;
mod state;
mod ticket;

pub use builder::UcwaBuilder;
pub use conversation::Conversation;
pub use credential::{Credential, IntegratedSignIn};
pub use error::PLATFORM;
pub use incoming::{AcceptPolicy, Incoming, IncomingMessage, IncomingStream, Invitation, Sender};
pub use message::{Format, InstantMessage, Oversize};
pub use ms_messenger_http::{HttpClient, HttpOptions};
pub use outcome::{Delivered, Outcome};
pub use reason::{ErrorCode, ErrorSubcode, Reason};
pub use session::UcwaSession;
