//! Media files by URL.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{closed_enum::closed_enum, redact};

closed_enum! {
    /// The kind of a media file.
    #[non_exhaustive]
    pub enum MediaKind {
        /// An image.
        Image = "image",
        /// A document.
        Document = "document",
        /// A video.
        Video = "video",
        /// An audio file.
        Audio = "audio",
    }
}

/// A media file by URL. The platform fetches it, so the URL must be public. `Debug` prints neither
/// the URL nor the texts.
///
/// ```
/// use ms_messenger_core::{Media, MediaKind, Message};
///
/// let url = "https://contoso.com/map.png".parse()?;
/// let message = Message::media(Media::new(MediaKind::Image, url).with_caption("The way to us"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Media {
    /// The kind.
    pub kind: MediaKind,
    /// The URL from which the platform fetches it.
    #[serde(with = "crate::json::text::url")]
    pub url: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The file name shown for a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

impl Media {
    /// Creates a media file of `kind` at `url`.
    #[must_use]
    pub fn new(kind: MediaKind, url: Url) -> Self {
        Self {
            kind,
            url,
            caption: None,
            file_name: None,
        }
    }

    /// Sets the text shown with it.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// Sets the file name shown for a document.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = Some(file_name.into());
        self
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media")
            .field("kind", &self.kind)
            .field("caption", &self.caption.as_ref().map(redact::length))
            .finish_non_exhaustive()
    }
}
