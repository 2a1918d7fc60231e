//! The message as the service returns it. Source: Graph `chatMessage` resource, v1.0.

use std::fmt;

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
        /// A message of a user or an application.
        Message = "message",
        /// An event of a chat.
        ChatEvent = "chatEvent",
        /// A typing notification.
        Typing = "typing",
        /// An event message of the service.
        SystemEventMessage = "systemEventMessage",
        /// A kind that the service names on request only (`Prefer: include-unknown-enum-members`).
        UnknownFutureValue = "unknownFutureValue",
    }
}

open_enum! {
    /// The importance of a message.
    pub enum MessageImportance {
        /// Shown without a mark.
        Normal = "normal",
        /// Shown as important.
        High = "high",
        /// Shown as urgent; the recipients of a chat are notified repeatedly.
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
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ItemBody {
    /// The form; every response has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<BodyType>,
    /// The text or markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Does not print its contents.
impl fmt::Debug for ItemBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemBody")
            .field("content_type", &self.content_type)
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

/// The channel of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChannelIdentity {
    /// The id of the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The id of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A whole message of a channel or chat. Members that the service left out or set to null are
/// absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessage {
    /// The OData context of the response.
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    pub odata_context: Option<String>,
    /// The id: Unix milliseconds as a text, unique within its thread only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The id of the message that it replies to; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_id: Option<String>,
    /// The version; equals the id until the message changes. It is no HTTP entity tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<ChatMessageType>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// The time of the last change, reactions included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified_date_time: Option<Timestamp>,
    /// The time of the last change of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_edited_date_time: Option<Timestamp>,
    /// The time of deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_date_time: Option<Timestamp>,
    /// The title; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The summary; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The id of its chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// The importance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance: Option<MessageImportance>,
    /// Always `en-us`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A link to the message in Teams; channels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// The user or application that it was sent on behalf of; in responses although not in the
    /// schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Box<IdentitySet>>,
    /// The policy violation, if a policy found one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_violation: Option<PolicyViolation>,
    /// The event, in event messages of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_detail: Option<Box<EventMessageDetail>>,
    /// The sender; absent in system messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IdentitySet>,
    /// The content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<ItemBody>,
    /// Its channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_identity: Option<ChannelIdentity>,
    /// The attachments.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub attachments: Vec<ChatMessageAttachment>,
    /// The mentions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub mentions: Vec<ChatMessageMention>,
    /// The reactions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub reactions: Vec<ChatMessageReaction>,
    /// The history of changes.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub message_history: Vec<MessageHistoryItem>,
    /// The pictures within it; not in the response to a send.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub hosted_contents: Vec<HostedContent>,
    /// The replies, in responses to a request that expands them.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub replies: Vec<ChatMessage>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Does not print its contents.
impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessage")
            .field("id", &self.id)
            .field("reply_to_id", &self.reply_to_id)
            .field("message_type", &self.message_type)
            .field("created_date_time", &self.created_date_time)
            .field("chat_id", &self.chat_id)
            .field("channel_identity", &self.channel_identity)
            .field("body", &self.body)
            .field("attachments", &self.attachments.len())
            .field("replies", &self.replies.len())
            .finish_non_exhaustive()
    }
}
