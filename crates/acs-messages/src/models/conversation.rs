//! Messages of a conversation.

use std::fmt;

use ms_messenger_core::{Problem, Problems};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    common::CommonContent,
    media::{DocumentContent, MediaContent, caption_warning, check_media_uri, member},
    open::open_kinds,
    strategy::OutboundDeliveryStrategy,
    template::MessageTemplate,
    text::{check_text, text_warning},
};

/// The content of a message of a conversation. A kind that this version does not know survives a
/// round trip.
///
/// ```
/// use acs_messages::{ConversationContent, MessageTemplate};
///
/// let text = ConversationContent::text("hello");
/// assert_eq!(serde_json::to_string(&text)?, r#"{"kind":"text","content":"hello"}"#);
/// let template = ConversationContent::template(MessageTemplate::new("reminder", "en_US"));
/// assert!(matches!(template, ConversationContent::Template { template, .. } if template.name == "reminder"));
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
pub enum ConversationContent {
    /// Text, at most 4096 characters.
    #[non_exhaustive]
    Text {
        /// The text.
        content: String,
    },
    /// An image.
    Image(MediaContent),
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
    /// A template, filled.
    #[non_exhaustive]
    Template {
        /// The template.
        template: MessageTemplate,
    },
    /// A kind that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

/// Prints the kind alone.
impl fmt::Debug for ConversationContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::Audio { .. } => "Audio",
            Self::Template { .. } => "Template",
            Self::Image(_) => "Image",
            Self::Document(_) => "Document",
            Self::Video(_) => "Video",
            Self::Other(_) => "Other",
        };
        f.debug_struct(kind).finish_non_exhaustive()
    }
}

open_kinds!(
    ConversationContent,
    &["text", "image", "document", "video", "audio", "template"]
);

impl ConversationContent {
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

    /// A template, filled.
    #[must_use]
    pub fn template(template: MessageTemplate) -> Self {
        Self::Template { template }
    }

    /// Adds what is wrong with it, as far as the rules of the service are known.
    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        match self {
            Self::Text { content } => check_text(content, || member(field, "content"), problems),
            Self::Image(media) | Self::Video(media) => {
                check_media_uri(&media.media_uri, field, problems);
            }
            Self::Document(document) => check_media_uri(&document.media_uri, field, problems),
            Self::Audio { media_uri } => check_media_uri(media_uri, field, problems),
            Self::Template { template } => {
                template.find_problems(&member(field, "template"), problems);
            }
            Self::Other(_) => {}
        }
    }

    /// Returns a warning about what the service may accept but a recipient would miss.
    pub(crate) fn warning(&self, field: &str) -> Option<Problem> {
        match self {
            Self::Text { content } => text_warning(content, || member(field, "content")),
            Self::Image(media) | Self::Video(media) => {
                caption_warning(media.caption.as_deref(), field)
            }
            Self::Document(document) => caption_warning(document.caption.as_deref(), field),
            Self::Audio { .. } | Self::Template { .. } | Self::Other(_) => None,
        }
    }
}

impl From<CommonContent> for ConversationContent {
    fn from(content: CommonContent) -> Self {
        match content {
            CommonContent::Text(text) => Self::text(text),
            CommonContent::Image(image) => Self::Image(image),
            CommonContent::Document(document) => Self::Document(document),
            CommonContent::Video(video) => Self::Video(video),
            CommonContent::Audio(media_uri) => Self::audio(media_uri),
            CommonContent::Template(template) => Self::template(template),
        }
    }
}

/// The body of a send.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendConversationMessage<'a> {
    pub(crate) request: &'a ConversationContent,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outbound_delivery_strategy: Option<&'a OutboundDeliveryStrategy>,
}

/// The body of a success.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendConversationMessageResult {
    pub(crate) message_id: String,
}
