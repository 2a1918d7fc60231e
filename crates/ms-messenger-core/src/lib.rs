#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod address;
pub mod auth;
mod capabilities;
mod capability;
mod check;
mod clause;
mod closed_enum;
mod deadline;
mod delivery_status;
mod error;
mod error_json;
mod error_kind;
mod ext;
mod fit;
mod idempotency;
mod ids;
mod journal;
pub mod json;
mod member_report;
mod memory;
mod message;
mod messenger;
mod millis;
mod needs;
mod nesting;
mod open_enum;
mod parse_name_error;
mod parse_target;
mod parse_target_error;
mod percent;
mod problem;
mod problems;
mod random;
mod receipt;
mod redact;
mod request;
mod retry;
mod settle;
mod string_type;
mod target;
mod teams_link;
mod timestamp;

pub use address::{Address, PhoneNumber, SipUri, WhatsAppUserId};
pub use async_trait::async_trait;
pub use auth::{AccessToken, CachedTokenProvider, StaticToken, TokenProvider, TokenRequest};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use clause::clause;
pub use deadline::{CancelHandle, Deadline, Reached};
pub use delivery_status::DeliveryStatus;
pub use error::{Error, Result};
pub use error_kind::{Delivery, ErrorKind};
pub use ext::{MessengerExt, SendOutcome};
pub use fit::Fitted;
pub use idempotency::IdempotencyKey;
pub use ids::{ChannelId, ConversationId, MessageId, TeamId, UserId};
pub use journal::{Journal, SendJournal};
pub use json::JsonError;
pub use member_report::MemberReport;
pub use memory::MemoryMessenger;
pub use message::{
    Attachment, Body, Card, CardKind, FileReference, FileSource, FileUpload, Importance,
    InlineImage, Media, MediaKind, Message, Template, TemplateButton, TemplateHeader,
    TemplateLocation, TemplateMedia,
};
pub use messenger::{Messenger, SharedMessenger};
pub use parse_name_error::ParseNameError;
pub use parse_target_error::ParseTargetError;
pub use problem::Problem;
pub use problems::Problems;
pub use random::random_uuid;
pub use receipt::{Acceptance, Receipt};
pub use request::SendRequest;
pub use retry::{Attempt, Decision, RetryPolicy};
/// Reads and writes secrets: [`SecretString`] hides its content, [`ExposeSecret`] reads it.
pub use secrecy::{ExposeSecret, SecretString};
pub use settle::{
    ClockBasis, ClockOffset, Evidence, Mark, MarkKind, SettlePolicy, Settled, Window,
};
pub use target::Target;
pub use teams_link::TeamsLink;
pub use timestamp::rfc3339;
pub use url::Url;
pub use uuid::Uuid;

#[doc(hidden)]
pub mod __private {
    pub use serde;
}
