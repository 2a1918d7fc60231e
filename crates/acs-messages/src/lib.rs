#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod conversation_thread;
mod error;
mod key;
mod messenger;
mod models;
mod notifications;
mod send_options;

pub use builder::AcsMessagesBuilder;
pub use client::{AcsMessagesClient, Repeatability};
pub use conversation_thread::{ConversationThread, SentConversationMessage};
pub use error::PLATFORM;
pub use models::{
    conversation::ConversationContent,
    interactive::{
        ActionBindings, ActionGroup, ActionGroupItem, InteractiveContent, InteractiveMessage,
        ReplyButton,
    },
    media::{DocumentContent, MediaContent},
    notification::{NotificationContent, NotificationKind, NotificationReceipt},
    strategy::OutboundDeliveryStrategy,
    template::{
        ButtonBinding, ButtonSubType, MessageTemplate, TemplateBindings, TemplateMediaValue,
        TemplatePlaceValue, TemplateValue, TemplateValueKind, ValueReference, WhatsAppBindings,
    },
};
pub use ms_messenger_http::{
    HttpClient, HttpOptions,
    acs::{AccessKey, ConnectionString, Credential},
};
pub use notifications::{Notifications, SentNotification};
pub use send_options::SendOptions;
