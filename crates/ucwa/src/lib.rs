#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate self as ucwa;
#[cfg(test)]
#[path = "../tests/double/mod.rs"]
mod double;

mod application;
mod builder;
mod challenge;
mod channel;
mod conversation;
mod credential;
mod data_uri;
mod discovery;
mod env;
mod error;
mod events;
mod flight;
mod hosts;
mod incoming;
mod message;
mod messenger;
mod operation;
mod order;
mod outcome;
mod pace;
mod post;
mod process;
mod queue;
mod reason;
mod resource;
mod send;
mod session;
mod settle;
mod state;
mod ticket;
mod words;

pub use builder::UcwaBuilder;
pub use conversation::Conversation;
pub use credential::{Credential, IntegratedSignIn};
pub use error::PLATFORM;
pub use incoming::{AcceptPolicy, Incoming, IncomingMessage, IncomingStream, Invitation, Sender};
pub use message::{Format, InstantMessage, Oversize};
pub use messenger::{CAPABILITIES, check};
pub use ms_messenger_http::{HttpClient, HttpOptions};
pub use outcome::{Delivered, Outcome};
pub use reason::{ErrorCode, ErrorSubcode, Reason};
pub use session::UcwaSession;

/// What the fuzz targets reach; compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::{challenge::Challenge, data_uri, events::Package, state::State};

    /// Reads a header.
    pub fn challenge(text: &str) {
        let _ = Challenge::read(text.lines());
    }

    /// Reads a response of the event channel and applies it.
    pub fn event_page(bytes: &[u8]) {
        let Some(package) = Package::read(bytes) else {
            return;
        };
        let mut state = State::default();
        for sender in &package.senders {
            for event in &sender.events.0 {
                let _ = state.apply(&sender.href, event, event.resource());
            }
        }
    }

    /// Reads a URI, and what is written of a text.
    pub fn data_uri(text: &str) {
        let _ = data_uri::decode(text);
        if !text.ends_with(['\r', '\n']) {
            let read = data_uri::decode(&data_uri::encode("text/plain", text));
            assert_eq!(read.map(|data| data.text).as_deref(), Some(text));
        }
    }
}
