#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod attachments;
mod builder;
mod chat_thread;
mod client;
mod error;
mod images;
mod list_options;
mod messages;
mod messenger;
mod models;
mod operations;
mod participants;
mod receipts;
mod send;
mod settle;
mod threads;

pub use builder::AcsChatBuilder;
pub use chat_thread::ChatThread;
pub use client::AcsChatClient;
pub use error::PLATFORM;
pub use images::UploadedImage;
pub use list_options::ListOptions;
pub use models::{
    attachment::{ChatAttachment, ChatAttachmentType},
    identifier::{CommunicationCloud, CommunicationIdentifier, IdentifierKind},
    message::{ChatMessage, ChatMessageContent},
    message_type::ChatMessageType,
    message_update::UpdateChatMessageRequest,
    participant::{ChatParticipant, RejectedParticipant},
    receipt::ChatReadReceipt,
    retention::ChatRetentionPolicy,
    send::{CLIENT_MESSAGE_ID, SendChatMessageRequest},
    thread::{ChatThreadItem, ChatThreadProperties, CreateChatThreadRequest},
    thread_update::UpdateChatThreadRequest,
    version::ChatApiVersion,
};
pub use ms_messenger_http::{
    Download, HeaderName, HeaderValue, HttpClient, HttpOptions, Method, OpenRequest, Operation,
    Pages, Preview, RetryClass,
};
pub use operations::OPERATIONS;
pub use participants::AddedParticipants;
pub use send::SentChatMessage;
pub use threads::CreatedChatThread;
