//! What is known of a message that was sent.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{
    closed_enum::closed_enum,
    error_kind::Delivery,
    ids::{ConversationId, MessageId},
    member_report::MemberReport,
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

/// Proof that the platform accepted a message. It has only what is known.
///
/// JSON form: `{"acceptance":"posted","message_id":"1593107077690","conversation":"19:…"}`,
/// with `accepted_at` in RFC 3339, `request_id` and `web_url` if they are known. A time outside the years 1970
/// to 9999 is written as the nearest one inside.
///
/// ```
/// use ms_messenger_core::{Acceptance, Receipt};
///
/// let receipt = Receipt::new(Acceptance::Posted).with_message_id("1593107077690");
/// let json = serde_json::to_string(&receipt)?;
/// assert_eq!(json, r#"{"acceptance":"posted","message_id":"1593107077690"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Receipt {
    /// How far the platform took the message.
    pub acceptance: Acceptance,
    /// The id that the platform assigned to the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The conversation, thread, chat or channel of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// When it was accepted, by the platform's clock.
    #[serde(
        default,
        with = "crate::timestamp::nearest",
        skip_serializing_if = "Option::is_none"
    )]
    pub accepted_at: Option<SystemTime>,
    /// The id that the platform assigned to the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The address at which the platform shows the message to its readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// What each member did, if the messenger sends through others. Empty for a client of a
    /// platform.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberReport>,
}

impl Receipt {
    /// Creates a receipt that says only how far the platform took the message.
    #[must_use]
    pub fn new(acceptance: Acceptance) -> Self {
        Self {
            acceptance,
            message_id: None,
            conversation: None,
            accepted_at: None,
            request_id: None,
            web_url: None,
            members: Vec::new(),
        }
    }

    /// Sets the id that the platform assigned to the message.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<MessageId>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Sets the conversation of the message.
    #[must_use]
    pub fn with_conversation(mut self, id: impl Into<ConversationId>) -> Self {
        self.conversation = Some(id.into());
        self
    }

    /// Sets when it was accepted, by the platform's clock.
    #[must_use]
    pub fn with_accepted_at(mut self, time: SystemTime) -> Self {
        self.accepted_at = Some(time);
        self
    }

    /// Sets the id that the platform assigned to the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Sets the address at which the platform shows the message.
    ///
    /// ```
    /// use ms_messenger_core::{Acceptance, Receipt};
    ///
    /// let link = "https://teams.microsoft.com/l/message/19%3Aa/17";
    /// let receipt = Receipt::new(Acceptance::Posted).with_web_url(link);
    /// assert_eq!(receipt.web_url.as_deref(), Some(link));
    /// ```
    #[must_use]
    pub fn with_web_url(mut self, address: impl Into<String>) -> Self {
        self.web_url = Some(address.into());
        self
    }

    /// Returns the first member that sent the message, if the messenger sends through others.
    #[must_use]
    pub fn sent_by(&self) -> Option<&MemberReport> {
        let mut members = self.members.iter();
        members.find(|member| member.delivery == Delivery::Sent)
    }
}
