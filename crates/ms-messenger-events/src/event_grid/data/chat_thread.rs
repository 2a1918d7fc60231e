//! Threads of ACS Chat and their participants. Source: Azure Event Grid, "Azure Communication
//! Services as an Event Grid source: chat events".

use std::collections::BTreeMap;

use ms_messenger_core::ConversationId;
use serde::{Deserialize, Serialize};

use super::{identifier::CommunicationIdentifier, tolerant};
use crate::{text::Text, timestamp::Timestamp};

/// A thread was created, changed or deleted.
///
/// At the level of a user there is one event for each participant, with the recipient; at the level
/// of a thread there is one event, without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatThreadEvent {
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ConversationId>,
    /// The properties after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<ChatThreadProperties>,
    /// The participants at the creation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub participants: Vec<ChatParticipant>,
    /// The participants at the creation, in the older form at the level of a user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<ChatThreadMember>,
    /// The properties that the creator gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Text>>,
    /// The creator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by_communication_identifier: Option<CommunicationIdentifier>,
    /// The participant that changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_by_communication_identifier: Option<CommunicationIdentifier>,
    /// The participant that deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by_communication_identifier: Option<CommunicationIdentifier>,
    /// The participant to which the event is addressed, at the level of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_communication_identifier: Option<CommunicationIdentifier>,
    /// Why it was deleted, e.g. `deleteByThread`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// When it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_time: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_time: Option<Timestamp>,
    /// The version: it grows with each change of the thread.
    #[serde(
        deserialize_with = "tolerant::whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<u64>,
    /// The id of the change in the service, for support requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
}

/// The properties of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ChatThreadProperties {
    /// The topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<Text>,
}

/// A participant in the older form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatThreadMember {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text>,
    /// The id, `8:acs:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_id: Option<String>,
}

/// A participant of a thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "WireParticipant")]
#[non_exhaustive]
pub struct ChatParticipant {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text>,
    /// The identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_communication_identifier: Option<CommunicationIdentifier>,
    /// The properties of the participant. Some events have them inside the identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, Text>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireParticipant {
    display_name: Option<Text>,
    participant_communication_identifier: Option<WireIdentifier>,
    metadata: Option<BTreeMap<String, Text>>,
}

#[derive(Deserialize)]
struct WireIdentifier {
    metadata: Option<BTreeMap<String, Text>>,
    #[serde(flatten)]
    identifier: CommunicationIdentifier,
}

impl From<WireParticipant> for ChatParticipant {
    fn from(wire: WireParticipant) -> Self {
        let (inner, identifier) = match wire.participant_communication_identifier {
            Some(found) => (found.metadata, Some(found.identifier)),
            None => (None, None),
        };
        Self {
            display_name: wire.display_name,
            participant_communication_identifier: identifier,
            metadata: wire.metadata.or(inner),
        }
    }
}

/// A participant was added to a thread or removed from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatParticipantEvent {
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ConversationId>,
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// The participant that was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_added: Option<ChatParticipant>,
    /// The participant that was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_removed: Option<ChatParticipant>,
    /// The participant that added the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_by_communication_identifier: Option<CommunicationIdentifier>,
    /// The participant that removed the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_by_communication_identifier: Option<CommunicationIdentifier>,
    /// The participant to which the event is addressed, at the level of a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_communication_identifier: Option<CommunicationIdentifier>,
    /// When the thread was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// The version: it grows with each change of the thread.
    #[serde(
        deserialize_with = "tolerant::whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub version: Option<u64>,
    /// The id of the change in the service, for support requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
}
