//! Events of Advanced Messaging (WhatsApp). Source: Azure Event Grid, "Azure Communication Services
//! as an Event Grid source: advanced messaging events".

use ms_messenger_core::{MessageId, open_enum};
use serde::{Deserialize, Deserializer, Serialize};

use super::tolerant;
use crate::{text::Text, timestamp::Timestamp};

open_enum! {
    /// The channel of a message.
    pub enum AdvancedMessageChannel {
        /// WhatsApp.
        WhatsApp = "whatsapp",
    }
}

open_enum! {
    /// How far a message got.
    pub enum AdvancedMessageDeliveryStatus {
        /// The channel has it.
        Sent = "Sent",
        /// The recipient's device has it.
        Delivered = "Delivered",
        /// The recipient read it.
        Read = "Read",
        /// It was not delivered; see the error of the event.
        Failed = "Failed",
    }
}

open_enum! {
    /// The kind of an interactive reply.
    pub enum InteractiveReplyKind {
        /// A button was pressed.
        ButtonReply = "buttonReply",
        /// A row of a list was chosen.
        ListReply = "listReply",
        /// Something that the service does not know.
        Unknown = "unknown",
    }
}

/// `Microsoft.Communication.AdvancedMessageReceived`: a user wrote to a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AdvancedMessageReceived {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<AdvancedMessageChannel>,
    /// The sender: a telephone number, or empty where only the business-scoped id is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The business-scoped id of the sender.
    #[serde(rename = "fromBSUID", skip_serializing_if = "Option::is_none")]
    pub from_bsuid: Option<String>,
    /// The recipient: the id of the channel registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// When the service received it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_timestamp: Option<Timestamp>,
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The kind of the message, e.g. `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Text>,
    /// A picture, a video, a document, an audio file or a sticker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<MessageMedia>,
    /// The message to which this one replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<MessageContext>,
    /// The button of a template that was pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
    /// The choice in an interactive message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactive: Option<InteractiveReply>,
    /// A reaction to a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction>,
}

/// Media of a message that was received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct MessageMedia {
    /// The id, by which it is downloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<Text>,
    /// The caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<Text>,
    /// Whether a sticker moves. The documentation says a string, its sample a boolean; both are read.
    #[serde(
        deserialize_with = "tolerant::flag",
        skip_serializing_if = "Option::is_none"
    )]
    pub animated: Option<bool>,
}

/// The message to which another one replies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MessageContext {
    /// The sender of that message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The id of that message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
}

/// The button of a template that was pressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Button {
    /// The label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The payload that the sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Text>,
}

/// The choice in an interactive message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct InteractiveReply {
    /// The kind.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<InteractiveReplyKind>,
    /// The button that was pressed; it has no description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_reply: Option<ListReply>,
    /// The row that was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_reply: Option<ListReply>,
}

/// A button or row that was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ListReply {
    /// The id that the sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text>,
}

/// A reaction to a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Reaction {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The emoji; empty or missing if a reaction was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<Text>,
}

/// `Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated`: a message that was sent got
/// further, or failed.
///
/// ```
/// use ms_messenger_events::event_grid::{AdvancedMessageDeliveryStatus, EventData};
///
/// let subject = "advancedMessage/4a5b/status/Failed";
/// let json = r#"{"status": "Failed", "error": {"channelCode": "131026"}}"#;
/// let event_type = "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated";
/// let EventData::AdvancedMessageDeliveryStatusUpdated(update) =
///     EventData::read(event_type, subject, json) else { panic!() };
/// assert_eq!(update.status, Some(AdvancedMessageDeliveryStatus::Failed));
/// assert_eq!(update.message_id.unwrap(), "4a5b");
/// assert_eq!(update.error.unwrap().channel_code.unwrap(), "131026");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct AdvancedMessageDeliveryStatusUpdated {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<AdvancedMessageChannel>,
    /// The sender: the id of the channel registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The recipient: a telephone number, or empty where only the business-scoped id is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The business-scoped id of the recipient.
    #[serde(rename = "toBSUID", skip_serializing_if = "Option::is_none")]
    pub to_bsuid: Option<String>,
    /// When the service received the status from the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_timestamp: Option<Timestamp>,
    /// The id of the message, as in the receipt of the send; from the subject if the event has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// How far the message got; from the subject if the event has none. Case is ignored.
    #[serde(deserialize_with = "status", skip_serializing_if = "Option::is_none")]
    pub status: Option<AdvancedMessageDeliveryStatus>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ChannelError>,
}

/// Why a channel did not deliver a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChannelError {
    /// The code of the channel, e.g. `131026` of WhatsApp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_code: Option<String>,
    /// The text of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_message: Option<String>,
}

impl AdvancedMessageDeliveryStatusUpdated {
    /// Fills what is missing from the subject, `advancedMessage/{messageId}/status/{status}`: the
    /// documentation requires the id of the message, and its samples have none.
    pub(super) fn complete(mut self, subject: &str) -> Self {
        let mut parts = subject.split('/');
        let kind = parts.next().unwrap_or_default();
        let (id, word, reached) = (parts.next(), parts.next(), parts.next());
        let is_status = kind.eq_ignore_ascii_case("advancedMessage")
            && word.is_some_and(|it| it.eq_ignore_ascii_case("status"));
        if is_status {
            let is_blank = |id: &MessageId| id.as_str().is_empty();
            let own = self.message_id.take().filter(|id| !is_blank(id));
            let from_subject = || id.filter(|id| !id.is_empty()).map(MessageId::from);
            self.message_id = own.or_else(from_subject);
            self.status = self.status.or_else(|| reached.map(in_any_case));
        }
        self
    }
}

fn status<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<AdvancedMessageDeliveryStatus>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    Ok(text.as_deref().map(in_any_case))
}

fn in_any_case(text: &str) -> AdvancedMessageDeliveryStatus {
    use AdvancedMessageDeliveryStatus::{Delivered, Failed, Read, Sent};
    let known = [Sent, Delivered, Read, Failed];
    let found = known
        .into_iter()
        .find(|it| it.as_str().eq_ignore_ascii_case(text));
    found.unwrap_or_else(|| text.into())
}
