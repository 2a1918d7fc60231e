#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod event_grid;
pub mod graph;
mod guard;
mod incoming;
#[cfg(feature = "jwt")]
mod jwt;
mod limits;
mod outcome;
mod query;
mod rejection;
mod reply;
mod secret;
mod status;
mod text;
mod timestamp;
mod token_error;

pub use event_grid::EventGrid;
pub use graph::GraphNotifications;
pub use incoming::Incoming;
#[cfg(feature = "jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
pub use jwt::{EntraTokens, SigningKeys};
pub use outcome::{Batch, Outcome, Rejected};
pub use rejection::Rejection;
pub use reply::Reply;
pub use status::{
    Applied, DeliveryFailure, DeliveryStatus, MessageStatus, SeenEvents, StatusBook, StatusChange,
    StatusReport,
};
pub use text::Text;
pub use timestamp::Timestamp;
pub use token_error::TokenError;
