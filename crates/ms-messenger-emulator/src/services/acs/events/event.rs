//! One event, before it has the envelope of a schema.

use serde_json::Value;

/// The start of every event type.
pub(crate) const PREFIX: &str = "Microsoft.Communication.";

/// The types that the emulator can send, without their prefix.
pub(crate) const TYPES: [&str; 19] = [
    RECEIVED,
    STATUS,
    "ChatMessageReceived",
    "ChatMessageReceivedInThread",
    "ChatMessageEdited",
    "ChatMessageEditedInThread",
    "ChatMessageDeleted",
    "ChatMessageDeletedInThread",
    "ChatThreadCreatedWithUser",
    "ChatThreadCreated",
    "ChatThreadWithUserDeleted",
    "ChatThreadDeleted",
    "ChatThreadPropertiesUpdatedPerUser",
    "ChatThreadPropertiesUpdated",
    "ChatParticipantAddedToThreadWithUser",
    "ChatThreadParticipantAdded",
    "ChatParticipantRemovedFromThreadWithUser",
    "ChatThreadParticipantRemoved",
    "ChatTypingIndicatorReceivedInThread",
];

/// A message of the other side came.
pub(crate) const RECEIVED: &str = "AdvancedMessageReceived";
/// The state of a message that was sent.
pub(crate) const STATUS: &str = "AdvancedMessageDeliveryStatusUpdated";

/// An event that happens now, or later.
#[derive(Debug)]
pub(crate) struct NewEvent {
    /// One of [`TYPES`].
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) data: Value,
    /// When it happens, epoch milliseconds.
    pub(crate) at: u64,
}

/// An event on its way to one receiver.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) data: Value,
    /// When it happened, epoch milliseconds.
    pub(crate) at: u64,
    /// Whether CloudEvents name their version `specVersion`.
    pub(crate) has_wrong_version_name: bool,
}
