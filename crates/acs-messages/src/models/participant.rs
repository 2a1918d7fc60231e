//! Participants of conversations.

use ms_messenger_core::{Problems, open_enum};
use ms_messenger_http::{acs::ErrorEnvelope, check_id};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

open_enum! {
    /// The messaging platform of a contact.
    pub enum MessagePlatform {
        /// ACS: a user of the resource.
        Communication = "communication",
        /// A bot of ACS.
        Bot = "bot",
        /// WhatsApp.
        WhatsApp = "whatsApp",
    }
}

open_enum! {
    /// Whether a participant is inside ACS.
    pub enum ParticipantKind {
        /// A user or bot of the resource.
        Internal = "internal",
        /// A customer, reached over channels.
        External = "external",
    }
}

/// An address of a participant on one messaging platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConversationContact {
    /// The messaging platform.
    #[serde(rename = "kind")]
    pub platform: MessagePlatform,
    /// The id there: the raw id of a user, or a telephone number.
    pub id: String,
    /// The id of the application, for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_app_id: Option<String>,
}

impl ConversationContact {
    /// The contact `id` on `platform`.
    pub fn new(platform: MessagePlatform, id: impl Into<String>) -> Self {
        Self {
            platform,
            id: id.into(),
            bot_app_id: None,
        }
    }

    /// A user of the resource, by the raw id `8:acs:…`.
    pub fn user(id: impl Into<String>) -> Self {
        Self::new(MessagePlatform::Communication, id)
    }

    /// A WhatsApp user, by the telephone number.
    pub fn whatsapp(number: impl Into<String>) -> Self {
        Self::new(MessagePlatform::WhatsApp, number)
    }

    /// A bot, by its id and the id of its application.
    pub fn bot(id: impl Into<String>, app_id: impl Into<String>) -> Self {
        Self {
            bot_app_id: Some(app_id.into()),
            ..Self::new(MessagePlatform::Bot, id)
        }
    }

    fn find_problems(&self, field: &str, problems: &mut Problems) {
        check_id(&self.id, &format!("{field}.id"), problems);
        let has_app = self.bot_app_id.as_ref().is_some_and(|id| !id.is_empty());
        let is_bare = self.platform == MessagePlatform::Bot && !has_app;
        let field = format!("{field}.botAppId");
        problems.add_if(is_bare, &field, "must not be empty for a bot");
    }
}

/// A participant of a conversation.
///
/// ```
/// use acs_messages::{ConversationContact, ConversationParticipant};
///
/// let customer = ConversationParticipant::external([ConversationContact::whatsapp("+14255550123")])
///     .with_display_name("Customer");
/// assert_eq!(
///     serde_json::to_string(&customer)?,
///     r#"{"kind":"external","displayName":"Customer","contacts":[{"kind":"whatsApp","id":"+14255550123"}]}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WireParticipant")]
#[non_exhaustive]
pub struct ConversationParticipant {
    /// Whether it is inside ACS.
    pub kind: ParticipantKind,
    /// The id in the conversation, which the service assigns.
    pub id: Option<String>,
    /// The name shown.
    pub display_name: Option<String>,
    /// The contacts; an internal participant has one.
    pub contacts: Vec<ConversationContact>,
}

impl ConversationParticipant {
    /// A user or bot of the resource.
    #[must_use]
    pub fn internal(contact: ConversationContact) -> Self {
        Self::new(ParticipantKind::Internal, vec![contact])
    }

    /// A customer, reached by any of `contacts`.
    pub fn external(contacts: impl IntoIterator<Item = ConversationContact>) -> Self {
        Self::new(ParticipantKind::External, contacts.into_iter().collect())
    }

    fn new(kind: ParticipantKind, contacts: Vec<ConversationContact>) -> Self {
        Self {
            kind,
            id: None,
            display_name: None,
            contacts,
        }
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    fn find_problems(&self, field: &str, problems: &mut Problems) {
        let field = format!("{field}.contacts");
        let count = self.contacts.len();
        problems.add_if(count == 0, &field, "must not be empty");
        let is_too_many = self.kind == ParticipantKind::Internal && count > 1;
        let rule = "an internal participant has one contact";
        problems.add_if(is_too_many, &field, rule);
        for (i, contact) in self.contacts.iter().enumerate() {
            contact.find_problems(&format!("{field}[{i}]"), problems);
        }
    }
}

/// Adds the problems of the participants of a request.
pub(crate) fn find_problems(
    participants: &[ConversationParticipant],
    field: &str,
    problems: &mut Problems,
) {
    for (i, participant) in participants.iter().enumerate() {
        participant.find_problems(&format!("{field}[{i}]"), problems);
    }
}

/// A participant that is written; the service assigns its id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    kind: &'a ParticipantKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a ConversationContact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<&'a [ConversationContact]>,
}

impl Serialize for ConversationParticipant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_internal = self.kind == ParticipantKind::Internal;
        Written {
            kind: &self.kind,
            display_name: self.display_name.as_deref(),
            contact: self.contacts.first().filter(|_| is_internal),
            contacts: (!is_internal).then_some(&self.contacts),
        }
        .serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireParticipant {
    kind: ParticipantKind,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    contact: Option<ConversationContact>,
    #[serde(default)]
    contacts: Option<Vec<ConversationContact>>,
}

impl From<WireParticipant> for ConversationParticipant {
    fn from(wire: WireParticipant) -> Self {
        let others = wire.contacts.into_iter().flatten();
        Self {
            kind: wire.kind,
            id: wire.id,
            display_name: wire.display_name,
            contacts: wire.contact.into_iter().chain(others).collect(),
        }
    }
}

/// The body of an addition.
#[derive(Serialize)]
pub(crate) struct AddParticipants<'a> {
    pub(crate) participants: &'a [ConversationParticipant],
}

/// The body of a removal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemoveParticipants<'a> {
    pub(crate) participant_ids: &'a [String],
}

/// A participant that the service did not add or remove, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedParticipant {
    /// The id of the participant.
    pub id: String,
    /// The service's code, e.g. `NotFound`.
    pub code: Option<String>,
    /// The service's message.
    pub message: Option<String>,
}

/// What became of participants that were to be added or removed (207).
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the service can have rejected participants"]
#[non_exhaustive]
pub struct ChangedParticipants {
    /// Those that the service did not add or remove; it did so with all others.
    pub rejected: Vec<RejectedParticipant>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}

/// The response to an addition or removal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParticipantsResult {
    #[serde(default)]
    invalid_participants: Option<Vec<WireRejected>>,
}

#[derive(Deserialize)]
struct WireRejected {
    #[serde(default)]
    id: String,
    #[serde(default)]
    error: Value,
}

impl ParticipantsResult {
    pub(crate) fn rejected(self) -> Vec<RejectedParticipant> {
        let rejected = self.invalid_participants.into_iter().flatten();
        let one = |it: WireRejected| {
            let error = ErrorEnvelope::read(it.error.to_string().as_bytes());
            RejectedParticipant {
                id: it.id,
                message: error.text(),
                code: error.code,
            }
        };
        rejected.map(one).collect()
    }
}

/// The response to an analysis.
#[derive(Deserialize)]
pub(crate) struct Analysis {
    pub(crate) summary: String,
}
