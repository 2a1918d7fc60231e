//! Notifications: messages to a telephone number or WhatsApp user, without a conversation.

use std::fmt;

use ms_messenger_core::{MessageId, Problem, Problems};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{
    common::CommonContent,
    interactive::InteractiveMessage,
    media::{DocumentContent, MediaContent, caption_warning, check_media_uri},
    open::open_kinds,
    template::MessageTemplate,
    text::{check_text, text_warning},
};

/// The body of a notification: channel, recipient and content.
///
/// `to` is an array on the wire, and the service accepts exactly one recipient today; so does the
/// check, unless the client is [set up otherwise](crate::AcsMessagesBuilder::with_any_recipient).
///
/// ```
/// use acs_messages::{NotificationContent, NotificationKind};
///
/// let channel = "0f0eb78e-a576-1dfc-b414-0f0756de3338".parse()?;
/// let body = NotificationContent::new(channel, "+14255550123", NotificationKind::text("hello"));
/// assert_eq!(body.to, ["+14255550123"]);
/// # Ok::<(), uuid::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationContent {
    /// The registration of the channel that the message is sent from.
    pub channel_registration_id: Uuid,
    /// The recipients: telephone numbers in E.164 form or business-scoped user ids.
    pub to: Vec<String>,
    /// The content.
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

/// The content of a notification. A kind that this version does not know survives a round trip.
///
/// ```
/// use acs_messages::NotificationKind;
///
/// let reaction = NotificationKind::reaction("👍", "wamid.1");
/// assert_eq!(
///     serde_json::to_string(&reaction)?,
///     r#"{"kind":"reaction","emoji":"👍","messageId":"wamid.1"}"#
/// );
/// let unknown: NotificationKind = serde_json::from_str(r#"{"kind":"hologram","depth":3}"#)?;
/// assert!(matches!(unknown, NotificationKind::Other(_)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
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
    #[non_exhaustive]
    Text {
        /// The text.
        content: String,
    },
    /// An image.
    Image(MediaContent),
    /// An image as versions before 2024-08-30 had it; use [`NotificationKind::Image`].
    #[serde(rename = "image_v0")]
    #[non_exhaustive]
    ImageV0 {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// A document.
    Document(DocumentContent),
    /// A video.
    Video(MediaContent),
    /// An audio file.
    #[non_exhaustive]
    Audio {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
    },
    /// A template, filled. The only kind that may open a conversation.
    #[non_exhaustive]
    Template {
        /// The template.
        template: MessageTemplate,
    },
    /// A sticker (2025-01-15-preview).
    #[non_exhaustive]
    Sticker {
        /// Its address: https, and reachable for the service.
        media_uri: Url,
    },
    /// A reaction to a message (2025-01-15-preview).
    #[non_exhaustive]
    Reaction {
        /// The emoji.
        emoji: String,
        /// The id of the message.
        message_id: String,
    },
    /// A message that asks for a response by button, list or link (2025-01-15-preview).
    #[non_exhaustive]
    Interactive {
        /// The message.
        interactive_message: Box<InteractiveMessage>,
    },
    /// A kind that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

/// Prints the kind alone.
impl fmt::Debug for NotificationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::ImageV0 { .. } => "ImageV0",
            Self::Audio { .. } => "Audio",
            Self::Template { .. } => "Template",
            Self::Sticker { .. } => "Sticker",
            Self::Reaction { .. } => "Reaction",
            Self::Interactive { .. } => "Interactive",
            Self::Image(_) => "Image",
            Self::Document(_) => "Document",
            Self::Video(_) => "Video",
            Self::Other(_) => "Other",
        };
        f.debug_struct(kind).finish_non_exhaustive()
    }
}

open_kinds!(
    NotificationKind,
    &[
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
    ]
);

impl NotificationKind {
    /// Text, at most 4096 characters.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text {
            content: content.into(),
        }
    }

    /// An image, by its https address or with a caption.
    pub fn image(image: impl Into<MediaContent>) -> Self {
        Self::Image(image.into())
    }

    /// An image as versions before 2024-08-30 had it, with `content` shown with it.
    #[must_use]
    pub fn image_v0(media_uri: Url, content: Option<String>) -> Self {
        Self::ImageV0 { media_uri, content }
    }

    /// A document, by its https address or with caption and file name.
    pub fn document(document: impl Into<DocumentContent>) -> Self {
        Self::Document(document.into())
    }

    /// A video, by its https address or with a caption.
    pub fn video(video: impl Into<MediaContent>) -> Self {
        Self::Video(video.into())
    }

    /// An audio file, by its https address.
    #[must_use]
    pub fn audio(media_uri: Url) -> Self {
        Self::Audio { media_uri }
    }

    /// A template, filled. The only kind that may open a conversation.
    #[must_use]
    pub fn template(template: MessageTemplate) -> Self {
        Self::Template { template }
    }

    /// A sticker, by its https address (2025-01-15-preview).
    #[must_use]
    pub fn sticker(media_uri: Url) -> Self {
        Self::Sticker { media_uri }
    }

    /// A reaction to a message (2025-01-15-preview).
    pub fn reaction(emoji: impl Into<String>, message_id: impl Into<MessageId>) -> Self {
        Self::Reaction {
            emoji: emoji.into(),
            message_id: message_id.into().as_str().to_owned(),
        }
    }

    /// A message that asks for a response by button, list or link (2025-01-15-preview).
    #[must_use]
    pub fn interactive(message: InteractiveMessage) -> Self {
        Self::Interactive {
            interactive_message: Box::new(message),
        }
    }

    /// Returns whether it needs 2025-01-15-preview or a later version.
    pub(crate) fn needs_preview(&self) -> bool {
        matches!(
            self,
            Self::Sticker { .. }
                | Self::Reaction { .. }
                | Self::Interactive { .. }
                | Self::Other(_)
        )
    }

    /// Adds what is wrong with it, as far as the rules of the service are known.
    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        match self {
            Self::Text { content } => check_text(content, || "content".to_owned(), problems),
            Self::Image(media) | Self::Video(media) => {
                check_media_uri(&media.media_uri, "", problems);
            }
            Self::Document(document) => check_media_uri(&document.media_uri, "", problems),
            Self::ImageV0 { media_uri, .. }
            | Self::Audio { media_uri }
            | Self::Sticker { media_uri } => check_media_uri(media_uri, "", problems),
            Self::Template { template } => template.find_problems("template", problems),
            // Whether an empty emoji removes a reaction is not confirmed, so it may be empty.
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

    /// Returns a warning about what the service may accept but a recipient would miss.
    pub(crate) fn warning(&self) -> Option<Problem> {
        match self {
            Self::Text { content } => text_warning(content, || "content".to_owned()),
            Self::Image(media) | Self::Video(media) => {
                caption_warning(media.caption.as_deref(), "")
            }
            Self::Document(document) => caption_warning(document.caption.as_deref(), ""),
            Self::Interactive {
                interactive_message,
            } => interactive_message.warning("interactiveMessage"),
            _ => None,
        }
    }
}

impl From<CommonContent> for NotificationKind {
    fn from(content: CommonContent) -> Self {
        match content {
            CommonContent::Audio(media_uri) => Self::audio(media_uri),
            CommonContent::Document(document) => Self::Document(document),
            CommonContent::Image(image) => Self::Image(image),
            CommonContent::Template(template) => Self::template(template),
            CommonContent::Text(text) => Self::text(text),
            CommonContent::Video(video) => Self::Video(video),
        }
    }
}

/// The receipt for one recipient: the service accepted the message. It may not have arrived yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationReceipt {
    /// The id of the message, a GUID.
    pub message_id: MessageId,
    /// The recipient, as it was sent.
    pub to: String,
}

/// The body of a success.
#[derive(Debug, Deserialize)]
pub(crate) struct SendMessageResult {
    pub(crate) receipts: Vec<NotificationReceipt>,
}
