//! Messages of a conversation.

use ms_messenger_core::{Problem, Problems};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use url::Url;

use super::{
    MessageTemplate, OutboundDeliveryStrategy, check_text, check_url,
    open::{self, Open},
    text_warning,
};

const KINDS: &[&str] = &["text", "image", "document", "video", "audio", "template"];

/// What a message of a conversation holds. A kind that this version does not know survives a
/// round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// A template, filled.
    Template {
        /// The template.
        template: MessageTemplate,
    },
    /// A kind that this version does not know, as it stands on the wire.
    #[serde(skip)]
    Other(Value),
}

impl ConversationContent {
    /// Text.
    pub fn text(content: impl Into<String>) -> Self {
        Self::Text {
            content: content.into(),
        }
    }

    /// Adds what is wrong with it, as far as the rules of the service are known.
    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        match self {
            Self::Text { content } => check_text(content, &format!("{field}.content"), problems),
            Self::Image { media_uri, .. }
            | Self::Document { media_uri, .. }
            | Self::Video { media_uri, .. }
            | Self::Audio { media_uri } => {
                check_url(media_uri, &format!("{field}.mediaUri"), problems);
            }
            Self::Template { template } => {
                template.find_problems(&format!("{field}.template"), problems);
            }
            Self::Other(_) => {}
        }
    }

    /// What the service may take but a recipient would miss.
    pub(crate) fn warnings(&self, field: &str) -> Vec<Problem> {
        let warning = match self {
            Self::Text { content } => text_warning(content, &format!("{field}.content")),
            Self::Image { caption, .. }
            | Self::Document { caption, .. }
            | Self::Video { caption, .. } => {
                let caption = caption.as_deref().unwrap_or_default();
                text_warning(caption, &format!("{field}.caption"))
            }
            Self::Audio { .. } | Self::Template { .. } | Self::Other(_) => None,
        };
        warning.into_iter().collect()
    }
}

impl Serialize for ConversationContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ConversationContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        open::read(deserializer)
    }
}

impl Open for ConversationContent {
    const KINDS: &'static [&'static str] = KINDS;

    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
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
