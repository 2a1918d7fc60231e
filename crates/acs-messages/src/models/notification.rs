//! Notifications: messages to a person over a channel, without a conversation.

use ms_messenger_core::{Problem, Problems};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{
    InteractiveMessage, MessageTemplate, check_text, check_url,
    open::{self, Open},
    text_warning,
};

const KINDS: &[&str] = &[
    "text",
    "image",
    "image_v0",
    "document",
    "video",
    "audio",
    "template",
    "sticker",
    "reaction",
    "interactive",
];

/// The body of a notification: the channel, the recipient, and what it holds.
///
/// `to` is an array on the wire, and the service takes exactly one recipient today; so does the
/// check, unless the client is told otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationContent {
    /// The registration of the channel that sends.
    pub channel_registration_id: Uuid,
    /// The recipients.
    pub to: Vec<String>,
    /// What it holds.
    #[serde(flatten)]
    pub content: NotificationKind,
}

impl NotificationContent {
    /// `content` from the channel `channel_registration_id` to one recipient.
    pub fn new(
        channel_registration_id: Uuid,
        to: impl Into<String>,
        content: NotificationKind,
    ) -> Self {
        Self {
            channel_registration_id,
            to: vec![to.into()],
            content,
        }
    }
}

/// What a notification holds. A kind that this version does not know survives a round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "kind",
    deny_unknown_fields,
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum NotificationKind {
    /// Text, at most 4096 characters.
    Text {
        /// The text.
        content: String,
    },
    /// A picture.
    Image {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A picture as versions before 2024-08-30 knew it; use [`NotificationKind::Image`].
    #[serde(rename = "image_v0")]
    ImageV0 {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// A document.
    Document {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The name that it gets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
    },
    /// A video.
    Video {
        /// Where the service fetches it.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
    /// A sound.
    Audio {
        /// Where the service fetches it.
        media_uri: Url,
    },
    /// A template, filled. The only kind that may open a conversation.
    Template {
        /// The template.
        template: MessageTemplate,
    },
    /// A sticker (2025-01-15-preview).
    Sticker {
        /// Where the service fetches it.
        media_uri: Url,
    },
    /// A reaction to a message (2025-01-15-preview).
    Reaction {
        /// The emoji.
        emoji: String,
        /// The message.
        message_id: String,
    },
    /// A message that asks for an answer (2025-01-15-preview).
    Interactive {
        /// The message.
        interactive_message: Box<InteractiveMessage>,
    },
    /// A kind that this version does not know, as it stands on the wire.
    #[serde(skip)]
    Other(Value),
}

impl NotificationKind {
    /// Text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text {
            content: content.into(),
        }
    }

    /// Whether only 2025-01-15-preview and later know it.
    pub(crate) fn needs_preview(&self) -> bool {
        matches!(
            self,
            Self::Sticker { .. }
                | Self::Reaction { .. }
                | Self::Interactive { .. }
                | Self::Other(_)
        )
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        match self {
            Self::Text { content } => check_text(content, "content", problems),
            Self::Image { media_uri, .. }
            | Self::ImageV0 { media_uri, .. }
            | Self::Document { media_uri, .. }
            | Self::Video { media_uri, .. }
            | Self::Audio { media_uri }
            | Self::Sticker { media_uri } => check_url(media_uri, "mediaUri", problems),
            Self::Template { template } => template.find_problems("template", problems),
            // Whether an empty emoji takes a reaction back is not confirmed, so it may be empty.
            Self::Reaction { message_id, .. } => {
                problems.add_if(message_id.is_empty(), "messageId", "must not be empty");
            }
            Self::Interactive {
                interactive_message,
            } => {
                interactive_message.find_problems("interactiveMessage", problems);
            }
            Self::Other(_) => {}
        }
    }

    /// What the service may take but a recipient would miss.
    pub(crate) fn warnings(&self) -> Vec<Problem> {
        let warning = match self {
            Self::Text { content } => text_warning(content, "content"),
            Self::Image { caption, .. }
            | Self::Document { caption, .. }
            | Self::Video { caption, .. } => {
                text_warning(caption.as_deref().unwrap_or_default(), "caption")
            }
            Self::Interactive {
                interactive_message,
            } => interactive_message.warning("interactiveMessage"),
            _ => None,
        };
        warning.into_iter().collect()
    }
}

impl Serialize for NotificationKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NotificationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        open::read(deserializer)
    }
}

impl Open for NotificationKind {
    const KINDS: &'static [&'static str] = KINDS;

    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
    }
}

/// Whether `to` is an address that the live service takes: digits with separators, or a
/// business-scoped user id, `CC.` and up to 128 alphanumerics.
pub(crate) fn is_recipient(to: &str) -> bool {
    let number = to
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' '))
        && to.bytes().any(|b| b.is_ascii_digit());
    let scoped = to.split_once('.').is_some_and(|(country, user)| {
        country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=128).contains(&user.len())
            && user.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    number || scoped
}

/// What the service says of one recipient: that it took the message, not that it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Receipt {
    /// The id of the message, a GUID.
    pub message_id: String,
    /// The recipient, as it was sent.
    pub to: String,
}

/// The body of a success.
#[derive(Debug, Deserialize)]
pub(crate) struct SendMessageResult {
    pub(crate) receipts: Vec<Receipt>,
}
