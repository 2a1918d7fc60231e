#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
mod capabilities;
mod deadline;
mod error;
mod ext;
pub mod json;
mod memory;
mod message;
mod messenger;
mod open_enum;
mod problem;
mod random;
mod receipt;
mod request;
mod retry;
mod settle;
mod target;
mod timestamp;

pub use async_trait::async_trait;
pub use auth::{AccessToken, CachedTokenProvider, StaticToken, TokenProvider, TokenRequest};
pub use capabilities::{Capabilities, Capability};
pub use deadline::{CancelHandle, Deadline, Reached};
pub use error::{Delivery, Error, ErrorKind, Result};
pub use ext::{MessengerExt, SendOutcome};
pub use json::JsonError;
pub use memory::MemoryMessenger;
pub use message::{
    Attachment, Body, Card, CardKind, FileReference, Importance, InlineImage, Media, MediaKind,
    Message, Template, TemplateButton, TemplateHeader, TemplateMedia,
};
pub use messenger::{Messenger, SharedMessenger};
pub use problem::{Problem, Problems};
pub use random::random_uuid;
pub use receipt::{Acceptance, Receipt};
pub use request::{IdempotencyKey, SendRequest};
pub use retry::{Attempt, Decision, RetryPolicy};
pub use secrecy::SecretString;
pub use settle::{ClockOffset, Evidence, Mark, MarkKind, SettlePolicy, Settled, Window};
pub use target::{
    Address, ChannelId, ConversationId, MessageId, ParseTargetError, PhoneNumber, SipUri, Target,
    TeamId, TeamsLink, UserId, WhatsAppUserId,
};
pub use timestamp::rfc3339;
pub use url::Url;
pub use uuid::Uuid;

#[doc(hidden)]
pub mod __private {
    pub use serde;
}
