#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod credential;
mod env;
mod error;
mod key;
mod messenger;
pub mod models;

pub use builder::AcsMessagesBuilder;
pub use client::{
    AcsMessagesClient, Conversation, Notifications, Repeatability, SendOptions, SentMessage,
    SentNotification,
};
pub use credential::Credential;
pub use error::{ErrorDetail, ErrorResponse, InnerError, PLATFORM};
pub use models::{
    ConversationContent, InteractiveMessage, MessageTemplate, NotificationContent,
    NotificationKind, OutboundDeliveryStrategy, Receipt,
};
pub use ms_messenger_http::{AccessKey, ConnectionString, HttpClient, HttpOptions};
