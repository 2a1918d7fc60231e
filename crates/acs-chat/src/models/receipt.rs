//! Read receipts.

use std::time::SystemTime;

use ms_messenger_core::MessageId;
use ms_messenger_http::acs::deserialize_time;
use serde::{Deserialize, Serialize};

use super::identifier::CommunicationIdentifier;

/// How far a participant has read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatReadReceipt {
    /// The reader.
    #[serde(rename = "senderCommunicationIdentifier")]
    pub reader: CommunicationIdentifier,
    /// The message that was read.
    #[serde(rename = "chatMessageId")]
    pub message_id: MessageId,
    /// When it was read.
    #[serde(default, deserialize_with = "deserialize_time")]
    pub read_on: Option<SystemTime>,
}

/// The body of a receipt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendReadReceipt<'a> {
    pub(crate) chat_message_id: &'a MessageId,
}

/// The body of a sign of typing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendTyping<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sender_display_name: Option<&'a str>,
}
