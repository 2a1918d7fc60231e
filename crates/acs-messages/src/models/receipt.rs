//! Read receipts.

use ms_messenger_core::MessageId;
use serde::Serialize;
use uuid::Uuid;

/// That a message of a WhatsApp user was read. Source: "Read Receipts Operations - Send",
/// 2025-09-01-preview.
///
/// ```
/// use acs_messages::ReadReceipt;
///
/// let channel = "0f0eb78e-a576-1dfc-b414-0f0756de3338".parse()?;
/// let receipt = ReadReceipt::new(channel, "e6265c04-c570-43fd-8be1-74aed7750455")
///     .with_typing_indicator(true);
/// assert_eq!(
///     serde_json::to_string(&receipt).unwrap(),
///     r#"{"channelRegistrationId":"0f0eb78e-a576-1dfc-b414-0f0756de3338","messageId":"e6265c04-c570-43fd-8be1-74aed7750455","typingIndicator":true}"#
/// );
/// # Ok::<(), uuid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReadReceipt {
    /// The channel that received the message.
    pub channel_registration_id: Uuid,
    /// The message, by the id in its event.
    pub message_id: MessageId,
    /// Whether the user is shown that a response is being written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub typing_indicator: bool,
}

impl ReadReceipt {
    /// The message `message_id`, which `channel` received, was read.
    pub fn new(channel: Uuid, message_id: impl Into<MessageId>) -> Self {
        Self {
            channel_registration_id: channel,
            message_id: message_id.into(),
            typing_indicator: false,
        }
    }

    /// Sets whether the user is shown that a response is being written.
    #[must_use]
    pub fn with_typing_indicator(mut self, shown: bool) -> Self {
        self.typing_indicator = shown;
        self
    }
}
