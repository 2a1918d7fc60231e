//! Messages as they are read.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use ms_messenger_core::MessageId;
use ms_messenger_http::acs::deserialize_time;
use serde::Deserialize;
use serde_json::Value;

use super::{
    attachment::{self, ChatAttachment},
    identifier::CommunicationIdentifier,
    message_type::ChatMessageType,
    metadata,
    participant::ChatParticipant,
};

/// A message of a thread, of a participant or of the service. `Debug` does not show its content.
///
/// An edit or a deletion gives a message another [`version`](Self::version) and moves it to the
/// top of the list, so a reader recognises a message by `id`, and its state by `version`.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Wire")]
#[non_exhaustive]
pub struct ChatMessage {
    /// The id: Unix milliseconds, as text.
    pub id: MessageId,
    /// What the message says.
    pub content: ChatMessageContent,
    /// Its attachments.
    pub attachments: Vec<ChatAttachment>,
    /// Its place in the thread, counted from 1. An edit or a deletion gives it a new one.
    pub sequence_id: String,
    /// The version: the time of the creation, edit or deletion in Unix milliseconds, as text.
    pub version: String,
    /// The sender's name, if the sender gave one.
    pub sender_display_name: Option<String>,
    /// The sender; a message of the service has none.
    pub sender: Option<CommunicationIdentifier>,
    /// When it was sent.
    pub created_on: Option<SystemTime>,
    /// When it was edited last.
    pub edited_on: Option<SystemTime>,
    /// When it was deleted. A deleted message stays listed, without its content.
    pub deleted_on: Option<SystemTime>,
    /// Properties of the sender's own.
    pub metadata: BTreeMap<String, String>,
}

impl ChatMessage {
    /// Returns the text or markup of a message of a participant; `None` for one of the service.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            ChatMessageContent::Text(text) | ChatMessageContent::Html(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether it was deleted.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_on.is_some()
    }
}

/// What a message says. `Debug` does not show it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ChatMessageContent {
    /// Plain text; empty when the message was deleted.
    Text(String),
    /// HTML, sanitised by the service; empty when the message was deleted.
    Html(String),
    /// The topic of the thread was set.
    #[non_exhaustive]
    TopicUpdated {
        /// The topic.
        topic: String,
        /// The participant that set it.
        initiator: Option<CommunicationIdentifier>,
    },
    /// Participants were added.
    #[non_exhaustive]
    ParticipantsAdded {
        /// The participants that were added.
        participants: Vec<ChatParticipant>,
        /// The participant that added them.
        initiator: Option<CommunicationIdentifier>,
    },
    /// Participants were removed.
    #[non_exhaustive]
    ParticipantsRemoved {
        /// The participants that were removed.
        participants: Vec<ChatParticipant>,
        /// The participant that removed them.
        initiator: Option<CommunicationIdentifier>,
    },
    /// A kind that this version does not know.
    #[non_exhaustive]
    Other {
        /// The kind.
        message_type: String,
        /// The content, as it is on the wire.
        content: Value,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: MessageId,
    #[serde(rename = "type")]
    message_type: ChatMessageType,
    #[serde(default)]
    sequence_id: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    sender_display_name: Option<String>,
    #[serde(default)]
    sender_communication_identifier: Option<CommunicationIdentifier>,
    #[serde(default, deserialize_with = "deserialize_time")]
    created_on: Option<SystemTime>,
    #[serde(default, deserialize_with = "deserialize_time")]
    edited_on: Option<SystemTime>,
    #[serde(default, deserialize_with = "deserialize_time")]
    deleted_on: Option<SystemTime>,
    #[serde(default, deserialize_with = "metadata::read")]
    metadata: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireContent {
    message: Option<String>,
    topic: Option<String>,
    participants: Option<Vec<ChatParticipant>>,
    #[serde(deserialize_with = "attachment::read")]
    attachments: Vec<ChatAttachment>,
    initiator_communication_identifier: Option<CommunicationIdentifier>,
}

impl From<Wire> for ChatMessage {
    fn from(wire: Wire) -> Self {
        let (content, attachments) = content(wire.message_type, wire.content);
        Self {
            id: wire.id,
            content,
            attachments,
            sequence_id: wire.sequence_id,
            version: wire.version,
            sender_display_name: wire.sender_display_name.filter(|name| !name.is_empty()),
            sender: wire.sender_communication_identifier,
            created_on: wire.created_on,
            edited_on: wire.edited_on,
            deleted_on: wire.deleted_on,
            metadata: wire.metadata,
        }
    }
}

/// The content of a message. One that is not as documented is kept as it is.
fn content(
    message_type: ChatMessageType,
    value: Value,
) -> (ChatMessageContent, Vec<ChatAttachment>) {
    // An absent content is an empty one.
    let read = match &value {
        Value::Null => Ok(WireContent::default()),
        value => WireContent::deserialize(value),
    };
    let Ok(read) = read else {
        return (other(message_type, value), Vec::new());
    };
    let (message, initiator) = (
        read.message.unwrap_or_default(),
        read.initiator_communication_identifier,
    );
    let participants = read.participants.unwrap_or_default();
    let content = match message_type {
        ChatMessageType::Text => ChatMessageContent::Text(message),
        ChatMessageType::Html => ChatMessageContent::Html(message),
        ChatMessageType::TopicUpdated => ChatMessageContent::TopicUpdated {
            topic: read.topic.unwrap_or_default(),
            initiator,
        },
        ChatMessageType::ParticipantAdded => ChatMessageContent::ParticipantsAdded {
            participants,
            initiator,
        },
        ChatMessageType::ParticipantRemoved => ChatMessageContent::ParticipantsRemoved {
            participants,
            initiator,
        },
        unknown => other(unknown, value),
    };
    (content, read.attachments)
}

fn other(message_type: ChatMessageType, content: Value) -> ChatMessageContent {
    ChatMessageContent::Other {
        message_type: message_type.as_str().to_owned(),
        content,
    }
}

impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatMessage")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("content", &self.content)
            .field("created_on", &self.created_on)
            .field("edited_on", &self.edited_on)
            .field("deleted_on", &self.deleted_on)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChatMessageContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text(_) => "Text",
            Self::Html(_) => "Html",
            Self::TopicUpdated { .. } => "TopicUpdated",
            Self::ParticipantsAdded { .. } => "ParticipantsAdded",
            Self::ParticipantsRemoved { .. } => "ParticipantsRemoved",
            Self::Other { .. } => "Other",
        };
        f.write_str(kind)
    }
}
