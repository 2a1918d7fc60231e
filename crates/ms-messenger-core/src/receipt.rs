//! What is known of a message that went out.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId};

/// How far the platform took the message before it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Acceptance {
    /// Taken into a queue; whether it reaches the person is told later, by event (ACS 202).
    Queued,
    /// Stored in the conversation (ACS Chat and Graph 201, ACS conversations 200).
    Posted,
    /// Confirmed by the recipient's side (UCWA completion event).
    Delivered,
}

impl Acceptance {
    /// The name in `snake_case`, as JSON prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Posted => "posted",
            Self::Delivered => "delivered",
        }
    }
}

impl std::fmt::Display for Acceptance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Proof that the platform accepted a message. It says only what is known.
///
/// JSON form: `{"acceptance":"posted","message_id":"1593107077690","conversation":"19:…"}`,
/// with `accepted_at` in RFC 3339 and `request_id` when known. A time outside of the years 1970
/// to 9999 is written as the nearest one within.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receipt {
    /// How far the platform took it.
    pub acceptance: Acceptance,
    /// The id that the platform gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The conversation, thread, chat or channel that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it was accepted, by the platform's clock.
    #[serde(
        default,
        with = "crate::timestamp::nearest",
        skip_serializing_if = "Option::is_none"
    )]
    pub accepted_at: Option<SystemTime>,
    /// The id under which the platform knows the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Receipt {
    /// A receipt that says only how far the message got.
    #[must_use]
    pub fn new(acceptance: Acceptance) -> Self {
        Self {
            acceptance,
            message_id: None,
            conversation: None,
            accepted_at: None,
            request_id: None,
        }
    }

    /// Adds the id that the platform gave the message.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<MessageId>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Adds the conversation that holds it.
    #[must_use]
    pub fn with_conversation(mut self, id: impl Into<ConversationId>) -> Self {
        self.conversation = Some(id.into());
        self
    }

    /// Adds when it was accepted, by the platform's clock.
    #[must_use]
    pub fn with_accepted_at(mut self, time: SystemTime) -> Self {
        self.accepted_at = Some(time);
        self
    }

    /// Adds the id under which the platform knows the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}
