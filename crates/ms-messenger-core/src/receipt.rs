//! What is known of a message that was sent.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{
    closed_enum::closed_enum,
    ids::{ConversationId, MessageId},
};

closed_enum! {
    /// How far the platform took a message before it responded.
    #[non_exhaustive]
    pub enum Acceptance {
        /// Accepted into a queue; an event reports later whether it reached the recipient (ACS 202).
        Queued = "queued",
        /// Stored in the conversation (ACS Chat and Graph 201, ACS conversations 200).
        Posted = "posted",
        /// Confirmed by the recipient's side (UCWA completion event).
        Delivered = "delivered",
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
