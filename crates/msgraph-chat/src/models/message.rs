//! The message as the service answers it. Source: Graph `chatMessage` resource, v1.0.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    attachment::ChatMessageAttachment,
    event::EventMessageDetail,
    identity::IdentitySet,
    nullable::nullable,
    parts::{
        ChatMessageMention, ChatMessageReaction, HostedContent, MessageHistoryItem, PolicyViolation,
    },
    scalar::Timestamp,
};

open_enum! {
    /// The kind of a message.
    pub enum ChatMessageType {
        /// Somebody wrote it.
        Message = "message",
        /// Something happened.
        ChatEvent = "chatEvent",
        /// Somebody types.
        Typing = "typing",
        /// The service made it.
        SystemEventMessage = "systemEventMessage",
        /// A kind that the service tells only on request (`Prefer: include-unknown-enum-members`).
        UnknownFutureValue = "unknownFutureValue",
    }
}

open_enum! {
    /// How urgent a message is.
    pub enum MessageImportance {
        /// No mark.
        Normal = "normal",
        /// Important.
        High = "high",
        /// Urgent.
        Urgent = "urgent",
    }
}

open_enum! {
    /// The form of a body.
    pub enum BodyType {
        /// Plain text.
        Text = "text",
        /// HTML.
        Html = "html",
    }
}

/// The content of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ItemBody {
    /// The form; always there in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<BodyType>,
    /// The text or markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The channel that holds a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChannelIdentity {
    /// The team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A message of a channel or chat, whole. Members that the service left out or set to null are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessage {
    /// What the service says the response is.
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    pub odata_context: Option<String>,
    /// The id: Unix milliseconds as a text, unique within its thread only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The message that it answers; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_id: Option<String>,
    /// Its version; equals the id while it is new. No HTTP entity tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<ChatMessageType>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// When it was last changed, reactions included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_date_time: Option<Timestamp>,
    /// When its content was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_edited_date_time: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_date_time: Option<Timestamp>,
    /// The title; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The summary; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The chat that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance: Option<MessageImportance>,
    /// Always `en-us`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A link to it; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// For whom it was sent; stands in answers although the schema lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<IdentitySet>,
    /// What a policy says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_violation: Option<PolicyViolation>,
    /// What happened, if the service made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_detail: Option<EventMessageDetail>,
    /// Who sent it; absent in system messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IdentitySet>,
    /// The content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<ItemBody>,
    /// The channel that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_identity: Option<ChannelIdentity>,
    /// What goes with it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub attachments: Vec<ChatMessageAttachment>,
    /// Who is mentioned.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub mentions: Vec<ChatMessageMention>,
    /// How people reacted.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub reactions: Vec<ChatMessageReaction>,
    /// What was done to it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub message_history: Vec<MessageHistoryItem>,
    /// Pictures within it; never in answers to a send.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub hosted_contents: Vec<HostedContent>,
    /// Its answers, when asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub replies: Vec<ChatMessage>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
