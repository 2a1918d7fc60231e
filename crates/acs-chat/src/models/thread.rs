//! Threads: what creates one, and what the service says of them.

use std::{collections::BTreeMap, time::SystemTime};

use ms_messenger_core::{ConversationId, IdempotencyKey};
use ms_messenger_http::acs::deserialize_time;
use serde::{Deserialize, Serialize};

use super::{
    check::Check,
    identifier::CommunicationIdentifier,
    metadata,
    participant::{self, ChatParticipant, RejectedParticipant},
    retention::ChatRetentionPolicy,
};

/// The body of a creation. The caller takes part in the thread without being listed.
///
/// ```
/// use acs_chat::{ChatParticipant, CreateChatThreadRequest};
///
/// let request = CreateChatThreadRequest::new("Incident 7")
///     .with_participant(ChatParticipant::new("8:acs:11111111_22222222"))
///     .with_metadata("ticket", "42");
/// assert_eq!(request.participants.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateChatThreadRequest {
    /// The topic; never empty.
    pub topic: String,
    /// The participants in addition to the caller, at most 200.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<ChatParticipant>,
    /// Properties of the user's own, at most 1 KB.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// How long the service keeps the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<ChatRetentionPolicy>,
    /// The key by which the service recognises a repetition; a new one when absent.
    #[serde(skip)]
    pub idempotency: Option<IdempotencyKey>,
}

impl CreateChatThreadRequest {
    /// A thread about `topic`, with the caller alone.
    pub fn new(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            participants: Vec::new(),
            metadata: BTreeMap::new(),
            retention_policy: None,
            idempotency: None,
        }
    }

    /// Adds a participant.
    #[must_use]
    pub fn with_participant(mut self, participant: ChatParticipant) -> Self {
        self.participants.push(participant);
        self
    }

    /// Sets a property of the user's own.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Sets how long the service keeps the thread.
    #[must_use]
    pub fn with_retention_policy(mut self, policy: ChatRetentionPolicy) -> Self {
        self.retention_policy = Some(policy);
        self
    }

    /// Creates under `key`: that of an error ([`Error::idempotency`](ms_messenger_core::Error::idempotency))
    /// after which it is unknown whether the thread was created.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    pub(crate) fn find_problems(&self, check: &mut Check<'_>) {
        let is_blank = self.topic.trim().is_empty();
        check
            .broken
            .add_if(is_blank, "topic", "must not be empty or blank");
        participant::find_problems(&self.participants, check);
        let parts = self
            .metadata
            .iter()
            .map(|(name, value)| (name, Some(value)));
        metadata::find_problems(parts, "metadata", check);
        if let Some(policy) = &self.retention_policy {
            policy.find_problems(check);
        }
    }
}

/// The properties of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatThreadProperties {
    /// The id of the thread.
    pub id: ConversationId,
    /// The topic.
    #[serde(default)]
    pub topic: String,
    /// When it was created.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub created_on: Option<SystemTime>,
    /// The participant that created it.
    #[serde(default, rename = "createdByCommunicationIdentifier")]
    pub created_by: Option<CommunicationIdentifier>,
    /// When it was deleted.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub deleted_on: Option<SystemTime>,
    /// Properties of the user's own.
    #[serde(default, deserialize_with = "metadata::read")]
    pub metadata: BTreeMap<String, String>,
    /// How long the service keeps it.
    #[serde(default)]
    pub retention_policy: Option<ChatRetentionPolicy>,
}

/// A thread in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatThreadItem {
    /// The id of the thread.
    pub id: ConversationId,
    /// The topic.
    #[serde(default)]
    pub topic: String,
    /// When it was deleted. A deleted thread stays listed for a while.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub deleted_on: Option<SystemTime>,
    /// When the newest message arrived; absent in a thread without messages.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub last_message_received_on: Option<SystemTime>,
}

/// The response to a creation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateChatThreadResult {
    pub(crate) chat_thread: ChatThreadProperties,
    #[serde(default)]
    pub(crate) invalid_participants: Option<Vec<RejectedParticipant>>,
}
