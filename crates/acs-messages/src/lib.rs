#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client;
mod conversation_admin;
mod conversation_thread;
mod conversations;
mod error;
mod key;
mod list_options;
mod media;
mod messenger;
mod models;
mod notifications;
mod operations;
mod read_receipts;
mod send_options;
mod templates;

pub use builder::AcsMessagesBuilder;
pub use client::{AcsMessagesClient, Repeatability};
pub use conversation_thread::{ConversationThread, SentConversationMessage};
pub use error::PLATFORM;
pub use list_options::ListOptions;
pub use models::{
    conversation::ConversationContent,
    conversation_item::{Conversation, ConversationMessage, CreateConversationRequest},
    interactive::{
        ActionBindings, ActionGroup, ActionGroupItem, InteractiveContent, InteractiveMessage,
        ReplyButton,
    },
    media::{DocumentContent, MediaContent},
    notification::{NotificationContent, NotificationKind, NotificationReceipt},
    participant::{
        ChangedParticipants, ConversationContact, ConversationParticipant, MessagePlatform,
        ParticipantKind, RejectedParticipant,
    },
    receipt::ReadReceipt,
    strategy::OutboundDeliveryStrategy,
    template::{
        ButtonBinding, ButtonSubType, MessageTemplate, TemplateBindings, TemplateMediaValue,
        TemplatePlaceValue, TemplateValue, TemplateValueKind, ValueReference, WhatsAppBindings,
    },
    template_item::{MessageTemplateItem, TemplateChannel, TemplateStatus},
    template_needs::{ButtonNeed, HeaderNeed, TemplateNeeds},
};
pub use ms_messenger_http::{
    Download, HeaderName, HeaderValue, HttpClient, HttpOptions, Method, OpenRequest, Operation,
    Pages, Preview, RetryClass,
    acs::{AccessKey, ConnectionString, Credential},
};
pub use notifications::{Notifications, SentNotification};
pub use operations::OPERATIONS;
pub use send_options::SendOptions;
