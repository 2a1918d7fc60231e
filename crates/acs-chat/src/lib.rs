#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod env;
mod error;
mod messenger;
pub mod models;
mod settle;

pub use builder::AcsChatBuilder;
pub use client::{AcsChatClient, ChatThread, SentChatMessage};
pub use error::{CommunicationError, PLATFORM};
pub use models::{
    ApiVersion, ChatAttachment, ChatAttachmentType, ChatMessageType, SendChatMessageRequest,
};
pub use ms_messenger_http::{HttpClient, HttpOptions};
