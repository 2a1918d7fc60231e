//! Chats and their pinned messages. Sources: Graph `chat`, `chatMessageInfo` and
//! `pinnedChatMessageInfo`.

use ms_messenger_core::{ConversationId, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    event::EventMessageDetail,
    identity::IdentitySet,
    member::ConversationMember,
    message::{ChatMessage, ChatMessageType, ItemBody},
    nullable::nullable,
    scalar::Timestamp,
};

open_enum! {
    /// The kind of a chat.
    pub enum ChatType {
        /// A chat of two members.
        OneOnOne = "oneOnOne",
        /// A chat of several members, with an optional topic.
        Group = "group",
        /// The chat of a meeting.
        Meeting = "meeting",
    }
}

open_enum! {
    /// Whether messages are being imported into a chat or channel.
    pub enum MigrationMode {
        /// Messages are being imported; users cannot send.
        InProgress = "inProgress",
        /// The import is complete.
        Completed = "completed",
    }
}

/// A chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatInfo {
    /// The id, e.g. `19:2da4c29f6d7041eca70b638b43d45437@thread.v2`.
    pub id: ConversationId,
    /// The topic; group and meeting chats only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_type: Option<ChatType>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// The time at which it was renamed or its members changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time: Option<Timestamp>,
    /// A link to the chat in Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// The id of its tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// What the signed-in user has read and hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewpoint: Option<ChatViewpoint>,
    /// Whether it is hidden for all members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hidden_for_all_members: Option<bool>,
    /// Whether messages are being imported; absent for a chat that was never migrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_mode: Option<MigrationMode>,
    /// The time of creation before a migration changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_created_date_time: Option<Timestamp>,
    /// The members, in responses to a request that expands them: at most 25 in a list of chats.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "nullable"
    )]
    pub members: Vec<ConversationMember>,
    /// The newest message, in responses to a request that expands it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_preview: Option<ChatMessageInfo>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the signed-in user has read and hidden of a chat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatViewpoint {
    /// Whether the user hides the chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hidden: Option<bool>,
    /// The time of the newest message that the user has read; that of the year 1 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_read_date_time: Option<Timestamp>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The preview of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessageInfo {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// Whether the message was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<ChatMessageType>,
    /// The event, in event messages of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_detail: Option<EventMessageDetail>,
    /// The content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<ItemBody>,
    /// The sender; absent in system messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<IdentitySet>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A pinned message of a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PinnedMessage {
    /// The id of the pin, by which it is [removed](crate::Chat::unpin).
    pub id: String,
    /// The message, in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<ChatMessage>>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
