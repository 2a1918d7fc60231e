#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod error;
mod key;
mod messenger;
pub mod models;

pub use builder::AcsMessagesBuilder;
pub use client::{
    AcsMessagesClient, Conversation, Notifications, Repeatability, SendOptions, SentMessage,
    SentNotification,
};
pub use error::PLATFORM;
pub use models::{
    ConversationContent, InteractiveMessage, MessageTemplate, NotificationContent,
    NotificationKind, NotificationReceipt, OutboundDeliveryStrategy,
};
pub use ms_messenger_http::{
    HttpClient, HttpOptions,
    acs::{AccessKey, ConnectionString, Credential},
};
