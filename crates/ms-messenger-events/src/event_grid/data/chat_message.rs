//! Messages of ACS Chat. Source: Azure Event Grid, "Azure Communication Services as an Event Grid
//! source: chat events".

use std::collections::BTreeMap;

use ms_messenger_core::{ConversationId, MessageId, open_enum};
use serde::{Deserialize, Deserializer, Serialize};

use super::{identifier::CommunicationIdentifier, tolerant};
use crate::{text::Text, timestamp::Timestamp};

open_enum! {
    /// The kind of a chat message. Events write it with a capital, the REST API without.
    pub enum ChatMessageKind {
        /// Plain text.
        Text = "text",
        /// HTML.
        Html = "html",
    }
}

/// A message of a thread was received, edited or deleted.
///
/// At the level of a user there is one event for each participant but the sender, with the
/// recipient; at the level of a thread there is one event, without. Events are delivered at least
/// once: the same message is recognised by thread, message id and `version`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessageEvent {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ConversationId>,
    /// The text or HTML; missing if the message was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_body: Option<Text>,
    /// The kind.
    #[serde(
        rename = "type",
        deserialize_with = "kind",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ChatMessageKind>,
    /// The version: it grows with each change of the message.
    #[serde(
        deserialize_with = "tolerant::whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<u64>,
    /// The properties that the sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Text>>,
    /// The name of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<Text>,
    /// The sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_communication_identifier: Option<CommunicationIdentifier>,
    /// The id of the sender, at the level of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    /// The participant to which the event is addressed, at the level of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_communication_identifier: Option<CommunicationIdentifier>,
    /// The id of that participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<String>,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_time: Option<Timestamp>,
    /// When it was edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_time: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_time: Option<Timestamp>,
    /// The id of the change in the service, for support requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
}

/// A participant is typing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatTypingEvent {
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ConversationId>,
    /// The participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_communication_identifier: Option<CommunicationIdentifier>,
    /// The name of the participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<Text>,
    /// The id of the change in the service, for support requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
}

fn kind<'de, D: Deserializer<'de>>(input: D) -> Result<Option<ChatMessageKind>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.map(|text| {
        let known = [ChatMessageKind::Text, ChatMessageKind::Html];
        let found = known
            .into_iter()
            .find(|it| it.as_str().eq_ignore_ascii_case(&text));
        found.unwrap_or(ChatMessageKind::Other(text))
    }))
}
