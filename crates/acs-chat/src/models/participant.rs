//! Participants of threads.

use std::{collections::BTreeMap, time::SystemTime};

use ms_messenger_core::rfc3339;
use ms_messenger_http::acs::deserialize_time;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};

use super::{check::Check, identifier::CommunicationIdentifier, metadata};

/// The published limit of participants of one request.
const MAX_IN_REQUEST: usize = 200;

/// A participant of a thread.
///
/// ```
/// use acs_chat::{ChatParticipant, CommunicationIdentifier};
///
/// let user = ChatParticipant::new("8:acs:11111111_22222222").with_display_name("Lene");
/// let teams = CommunicationIdentifier::teams_user("45ab2481-1c1c-4005-be24-0ffb879b1130");
/// let guest = ChatParticipant::new(teams).with_metadata("role", "reviewer");
/// assert_ne!(user.identifier, guest.identifier);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatParticipant {
    /// The identifier.
    #[serde(rename = "communicationIdentifier")]
    pub identifier: CommunicationIdentifier,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The time from which on the participant sees the messages of the thread; all of them when
    /// absent in a request.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "write_time",
        deserialize_with = "deserialize_time"
    )]
    pub share_history_time: Option<SystemTime>,
    /// Properties of the user's own, at most 1 KB.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "metadata::read"
    )]
    pub metadata: BTreeMap<String, String>,
}

impl ChatParticipant {
    /// A participant, e.g. by the raw id `8:acs:…` of a user.
    pub fn new(identifier: impl Into<CommunicationIdentifier>) -> Self {
        Self {
            identifier: identifier.into(),
            display_name: None,
            share_history_time: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// Sets the time from which on the participant sees the messages of the thread.
    #[must_use]
    pub fn with_share_history_time(mut self, time: SystemTime) -> Self {
        self.share_history_time = Some(time);
        self
    }

    /// Sets a property of the user's own.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    fn find_problems(&self, field: &str, check: &mut Check<'_>) {
        let identifier = format!("{field}.communicationIdentifier");
        self.identifier
            .find_problems(&identifier, &mut check.broken);
        let is_writable = self
            .share_history_time
            .is_none_or(|it| rfc3339(it).is_some());
        let rule = "must be from 1970 to 9999";
        let history = format!("{field}.shareHistoryTime");
        check.broken.add_if(!is_writable, &history, rule);
        let parts = self
            .metadata
            .iter()
            .map(|(name, value)| (name, Some(value)));
        metadata::find_problems(parts, &format!("{field}.metadata"), check);
    }
}

/// Adds the problems of the participants of a request.
pub(crate) fn find_problems(participants: &[ChatParticipant], check: &mut Check<'_>) {
    let count = participants.len();
    if count > MAX_IN_REQUEST {
        let rule = format!("has {count} participants, more than {MAX_IN_REQUEST}");
        check.broken.add("participants", rule);
        return;
    }
    for (i, participant) in participants.iter().enumerate() {
        participant.find_problems(&format!("participants[{i}]"), check);
    }
}

fn write_time<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = time.and_then(rfc3339);
    let text = text.ok_or_else(|| S::Error::custom("the time is not from 1970 to 9999"))?;
    serializer.serialize_str(&text)
}

/// A participant that the service did not add, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RejectedParticipant {
    /// The raw id.
    #[serde(default)]
    pub target: String,
    /// The service's code: `403` for one that may not be added, `404` for one that does not exist.
    #[serde(default)]
    pub code: String,
    /// The service's message.
    #[serde(default)]
    pub message: String,
}

/// The body of an addition.
#[derive(Serialize)]
pub(crate) struct AddChatParticipants<'a> {
    pub(crate) participants: &'a [ChatParticipant],
}

/// The response to an addition.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddChatParticipantsResult {
    #[serde(default)]
    pub(crate) invalid_participants: Option<Vec<RejectedParticipant>>,
}
