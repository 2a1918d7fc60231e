#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate self as ucwa;
#[cfg(test)]
#[path = "../tests/client/double.rs"]
mod double;

mod accept_policy;
mod addresses;
mod application;
mod apply;
mod builder;
mod challenge;
mod channel;
mod config;
mod contact;
mod contacts;
mod conversation;
mod conversation_details;
mod conversation_message;
mod conversation_queue;
mod conversation_reads;
mod conversations;
mod credential;
mod current_application;
mod data_uri;
mod discovery;
mod env;
mod error;
mod events;
mod handle;
mod history;
mod hosts;
mod incoming;
mod inner;
mod lifecycle;
mod meeting;
mod message;
mod messenger;
mod open_door;
mod operation;
mod operations;
mod outcome;
mod own_user;
mod pace;
mod pending;
mod post;
mod presence;
mod process;
mod raw_event;
mod reason;
mod recall;
mod receivers;
mod resource;
mod respond;
mod send;
mod sender;
mod session;
mod settle;
mod state;
mod stream_queue;
mod ticket;
mod turns;
mod verdict;
mod web;
mod words;

pub use accept_policy::AcceptPolicy;
pub use builder::UcwaBuilder;
pub use contact::{ContactKind, SourceNetwork, UcwaContact};
pub use contacts::ContactSearch;
pub use conversation::UcwaConversation;
pub use conversation_details::{ConversationDetails, ConversationPhase};
pub use conversation_message::{ConversationMessage, Direction};
pub use credential::{IntegratedSignIn, UcwaCredential};
pub use error::PLATFORM;
pub use incoming::{Incoming, IncomingMessage, IncomingStream, Invitation};
pub use message::{Format, InstantMessage, Oversize};
pub use messenger::{CAPABILITIES, check, preview};
pub use ms_messenger_http::{
    HeaderName, HeaderValue, HttpClient, HttpOptions, Method, OpenRequest, Operation, Preview,
    RetryClass,
};
pub use operations::OPERATIONS;
pub use outcome::{DeliveredMessage, UcwaOutcome};
pub use presence::{Availability, DeviceType, Note, NoteKind, PreferredAvailability, Presence};
pub use reason::{ErrorCode, ErrorSubcode, Reason};
pub use sender::Sender;
pub use session::UcwaSession;

/// Entry points of the fuzz targets; compiled for them only.
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

    /// Reads a URI, and a URI that was written from a text.
    pub fn data_uri(text: &str) {
        let _ = data_uri::decode(text);
        if !text.ends_with(['\r', '\n']) {
            let read = data_uri::decode(&data_uri::encode("text/plain", text));
            assert_eq!(read.map(|data| data.text).as_deref(), Some(text));
        }
    }
}
