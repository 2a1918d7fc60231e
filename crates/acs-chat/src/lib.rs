#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod error;
mod messenger;
mod models;
mod settle;

pub use builder::AcsChatBuilder;
pub use client::{AcsChatClient, ChatThread, SentChatMessage};
pub use error::PLATFORM;
pub use models::{
    CLIENT_MESSAGE_ID, ChatApiVersion, ChatAttachment, ChatAttachmentType, ChatMessageType,
    SendChatMessageRequest,
};
pub use ms_messenger_http::{HttpClient, HttpOptions};
