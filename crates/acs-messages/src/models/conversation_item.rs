//! Conversations and their messages, as they are created and read.

use std::{fmt, time::SystemTime};

use ms_messenger_core::{ConversationId, MessageId, Problems};
use ms_messenger_http::acs::deserialize_time;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    conversation::ConversationContent,
    participant::{self, ConversationParticipant},
    strategy::OutboundDeliveryStrategy,
    text::check_text,
};

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Conversation {
    /// The id.
    pub id: ConversationId,
    /// The topic.
    #[serde(default)]
    pub topic: Option<String>,
    /// The channels over which external participants are reached.
    #[serde(default, deserialize_with = "or_default")]
    pub delivery_channel_ids: Vec<String>,
    /// The participants that receive a message, unless it states otherwise.
    #[serde(default)]
    pub outbound_delivery_strategy: Option<OutboundDeliveryStrategy>,
    /// The participants.
    #[serde(default, deserialize_with = "or_default")]
    pub participants: Vec<ConversationParticipant>,
}

/// Reads a list that can be missing or null.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// What a conversation is created with. `Debug` does not show the initial message.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateConversationRequest {
    /// The topic.
    pub topic: Option<String>,
    /// The channels over which external participants are reached.
    pub channels: Vec<Uuid>,
    /// The participants that receive a message, unless it states otherwise.
    pub outbound_delivery_strategy: Option<OutboundDeliveryStrategy>,
    /// The participants.
    pub participants: Vec<ConversationParticipant>,
    /// The first message, a text.
    pub initial_message: Option<String>,
}

impl CreateConversationRequest {
    /// Sets the topic.
    #[must_use]
    pub fn with_topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// Adds a channel over which external participants are reached.
    #[must_use]
    pub fn with_channel(mut self, channel: Uuid) -> Self {
        self.channels.push(channel);
        self
    }

    /// Sets which participants receive a message, unless it states otherwise.
    #[must_use]
    pub fn with_outbound_delivery_strategy(mut self, strategy: OutboundDeliveryStrategy) -> Self {
        self.outbound_delivery_strategy = Some(strategy);
        self
    }

    /// Adds a participant.
    #[must_use]
    pub fn with_participant(mut self, participant: ConversationParticipant) -> Self {
        self.participants.push(participant);
        self
    }

    /// Sets the first message, a text.
    #[must_use]
    pub fn with_initial_message(mut self, text: impl Into<String>) -> Self {
        self.initial_message = Some(text.into());
        self
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        let field = "conversation.participants";
        participant::find_problems(&self.participants, field, problems);
        if let Some(text) = &self.initial_message {
            check_text(text, || "initialMessage.content".to_owned(), problems);
        }
    }

    pub(crate) fn to_wire(&self) -> impl Serialize + '_ {
        Created {
            conversation: CreatedConversation {
                topic: self.topic.as_deref(),
                delivery_channel_ids: &self.channels,
                outbound_delivery_strategy: self.outbound_delivery_strategy.as_ref(),
                participants: &self.participants,
            },
            initial_message: self
                .initial_message
                .as_deref()
                .map(|content| InitialMessage { content }),
        }
    }
}

impl fmt::Debug for CreateConversationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateConversationRequest")
            .field("topic", &self.topic)
            .field("channels", &self.channels)
            .field("participants", &self.participants)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    conversation: CreatedConversation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_message: Option<InitialMessage<'a>>,
}

#[derive(Serialize)]
struct InitialMessage<'a> {
    content: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreatedConversation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Uuid]>::is_empty")]
    delivery_channel_ids: &'a [Uuid],
    #[serde(skip_serializing_if = "Option::is_none")]
    outbound_delivery_strategy: Option<&'a OutboundDeliveryStrategy>,
    #[serde(skip_serializing_if = "<[ConversationParticipant]>::is_empty")]
    participants: &'a [ConversationParticipant],
}

/// A message of a conversation, as it is listed. `Debug` does not show its content.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConversationMessage {
    /// The id.
    pub id: MessageId,
    /// Its place in the conversation.
    #[serde(default)]
    pub sequence_id: Option<i64>,
    /// What it says. Content that is not as documented is kept as
    /// [`Other`](ConversationContent::Other).
    #[serde(rename = "message", deserialize_with = "content")]
    pub content: ConversationContent,
    /// The sender's name.
    #[serde(default)]
    pub sender_display_name: Option<String>,
    /// The sender. The service writes the id of a user with or without its prefix `8:acs:`.
    #[serde(default, rename = "senderCommunicationIdentifier")]
    pub sender: Option<String>,
    /// When it was sent.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub created_on: Option<SystemTime>,
}

/// Reads the content of a message that was received: members that a kind does not have are left
/// out, and what still cannot be read is kept whole.
fn content<'de, D: Deserializer<'de>>(input: D) -> Result<ConversationContent, D::Error> {
    let value = Value::deserialize(input)?;
    let known: &[&str] = match value["kind"].as_str() {
        Some("text") => &["kind", "content"],
        Some("image" | "video") => &["kind", "mediaUri", "caption"],
        Some("document") => &["kind", "mediaUri", "caption", "fileName"],
        Some("audio") => &["kind", "mediaUri"],
        Some("template") => &["kind", "template"],
        _ => return Ok(ConversationContent::Other(value)),
    };
    let mut reduced = value.clone();
    if let Some(members) = reduced.as_object_mut() {
        members.retain(|name, _| known.contains(&name.as_str()));
    }
    Ok(serde_json::from_value(reduced).unwrap_or(ConversationContent::Other(value)))
}

impl fmt::Debug for ConversationMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationMessage")
            .field("id", &self.id)
            .field("sequence_id", &self.sequence_id)
            .field("sender", &self.sender)
            .field("created_on", &self.created_on)
            .finish_non_exhaustive()
    }
}
