//! The content of a message.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{media::Media, template::Template};
use crate::redact;

/// The content of a message. `Debug` prints lengths only.
///
/// ```
/// use ms_messenger_core::{Body, Message};
///
/// let body = Body::html_with_text("<b>late</b>", "late");
/// assert_eq!(Message::new(body), Message::html_with_text("<b>late</b>", "late"));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Body {
    /// Plain text.
    Text(String),
    /// HTML; each platform allows its own subset.
    #[non_exhaustive]
    Html {
        /// The markup.
        html: String,
        /// The text that platforms without HTML send instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A media file, which the platform fetches from a URL.
    Media(Media),
    /// A template that the platform stores, filled with values.
    Template(Template),
    /// A body in the platform's own JSON.
    #[non_exhaustive]
    Native {
        /// The platform, as [`Messenger::platform`](crate::Messenger::platform) names it.
        platform: String,
        /// The platform's own send body.
        payload: Value,
    },
}

impl Body {
    /// Creates a body of HTML without a text alternative.
    pub fn html(html: impl Into<String>) -> Self {
        Self::Html {
            html: html.into(),
            text: None,
        }
    }

    /// Creates a body of HTML with a text that platforms without HTML send instead.
    pub fn html_with_text(html: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Html {
            html: html.into(),
            text: Some(text.into()),
        }
    }

    /// Creates a body in the JSON of `platform`.
    pub fn native(platform: impl Into<String>, payload: Value) -> Self {
        Self::Native {
            platform: platform.into(),
            payload,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(&redact::length(text)).finish(),
            Self::Html { html, text } => f
                .debug_struct("Html")
                .field("html", &redact::length(html))
                .field("text", &text.as_ref().map(redact::length))
                .finish(),
            Self::Media(media) => f.debug_tuple("Media").field(media).finish(),
            Self::Template(template) => f.debug_tuple("Template").field(template).finish(),
            Self::Native { platform, .. } => f
                .debug_struct("Native")
                .field("platform", platform)
                .finish_non_exhaustive(),
        }
    }
}
