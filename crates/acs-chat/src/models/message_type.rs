//! The kinds of messages.

use ms_messenger_core::open_enum;

open_enum! {
    /// The kind of a message. A client sends `Text` and `Html`; the service creates the others.
    pub enum ChatMessageType {
        /// Plain text.
        Text = "text",
        /// HTML, which the service sanitises.
        Html = "html",
        /// The topic of the thread changed.
        TopicUpdated = "topicUpdated",
        /// A participant was added.
        ParticipantAdded = "participantAdded",
        /// A participant was removed.
        ParticipantRemoved = "participantRemoved",
    }
}
