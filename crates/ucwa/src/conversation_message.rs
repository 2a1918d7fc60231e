//! One message of a conversation, ours or another participant's.

use std::{fmt, time::SystemTime};

use ms_messenger_core::{Delivery, MessageId, open_enum};

use crate::{message::Format, sender::Sender};

open_enum! {
    /// Whether a message was received or sent. Source: "Direction".
    pub enum Direction {
        /// Received from another participant.
        Incoming = "Incoming",
        /// Sent by this user.
        Outgoing = "Outgoing",
    }
}

/// A message of a conversation, as [`history`](crate::UcwaConversation::history) and
/// [`message`](crate::UcwaConversation::message) return it. `Debug` does not show its text.
///
/// ```
/// use ucwa::{ConversationMessage, Direction};
///
/// fn line(message: &ConversationMessage) -> String {
///     let mark = if message.direction == Direction::Outgoing { ">" } else { "<" };
///     let text = message.text.as_deref().unwrap_or("(the server does not keep it)");
///     format!("{mark} {}: {text}", message.from.uri)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationMessage {
    /// Its id, valid in this session only; `None` while the server has not named it, and for a
    /// message that an invitation carried.
    pub id: Option<MessageId>,
    /// Whether it was received or sent.
    pub direction: Direction,
    /// The sender; empty if the server does not report it.
    pub from: Sender,
    /// The format of the text.
    pub format: Format,
    /// The text; HTML as it was received, not to be trusted. `None` where neither the server nor
    /// the session has it.
    pub text: Option<String>,
    /// When the server received it.
    pub at: Option<SystemTime>,
    /// Whether the server reports that it was delivered. A received message is `Sent`; one of this
    /// user is `Unknown` until an event of the server reports it.
    pub delivery: Delivery,
}

impl fmt::Debug for ConversationMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationMessage")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("from", &self.from)
            .field("format", &self.format)
            .field("text_bytes", &self.text.as_ref().map(String::len))
            .field("at", &self.at)
            .field("delivery", &self.delivery)
            .finish()
    }
}
