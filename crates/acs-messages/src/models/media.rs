//! Media, which the service fetches by URL.

use std::fmt;

use ms_messenger_core::{Media, Problem, Problems};
use serde::{Deserialize, Serialize};
use url::Url;

use super::text::{check_url, text_warning};

/// An image or video, which the service fetches by URL.
///
/// ```
/// use acs_messages::{ConversationContent, MediaContent};
///
/// let image: url::Url = "https://contoso.com/map.png".parse()?;
/// let plain = ConversationContent::image(image.clone());
/// let captioned = ConversationContent::image(MediaContent::new(image).with_caption("the way"));
/// assert_ne!(plain, captioned);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct MediaContent {
    /// Its address: https, and reachable for the service.
    pub media_uri: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// Does not print its contents.
impl fmt::Debug for MediaContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaContent")
            .field("has_caption", &self.caption.is_some())
            .finish_non_exhaustive()
    }
}

impl MediaContent {
    /// Media at `media_uri`, an https address.
    #[must_use]
    pub fn new(media_uri: Url) -> Self {
        Self {
            media_uri,
            caption: None,
        }
    }

    /// Sets the text shown with it.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    pub(crate) fn from_neutral(media: &Media) -> Self {
        Self {
            media_uri: media.url.clone(),
            caption: media.caption.clone(),
        }
    }
}

impl From<Url> for MediaContent {
    fn from(media_uri: Url) -> Self {
        Self::new(media_uri)
    }
}

/// A document, which the service fetches by URL.
///
/// ```
/// use acs_messages::{ConversationContent, DocumentContent};
///
/// let document = DocumentContent::new("https://contoso.com/7".parse()?).with_file_name("bill.pdf");
/// assert_eq!(
///     serde_json::to_string(&ConversationContent::document(document)).unwrap(),
///     r#"{"kind":"document","mediaUri":"https://contoso.com/7","fileName":"bill.pdf"}"#
/// );
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DocumentContent {
    /// Its address: https, and reachable for the service.
    pub media_uri: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The file name that the recipient sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// Does not print its contents.
impl fmt::Debug for DocumentContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentContent")
            .field("has_caption", &self.caption.is_some())
            .finish_non_exhaustive()
    }
}

impl DocumentContent {
    /// The document at `media_uri`, an https address.
    #[must_use]
    pub fn new(media_uri: Url) -> Self {
        Self {
            media_uri,
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

    /// Sets the file name that the recipient sees.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = Some(file_name.into());
        self
    }

    pub(crate) fn from_neutral(media: &Media) -> Self {
        Self {
            media_uri: media.url.clone(),
            caption: media.caption.clone(),
            file_name: media.file_name.clone(),
        }
    }
}

impl From<Url> for DocumentContent {
    fn from(media_uri: Url) -> Self {
        Self::new(media_uri)
    }
}

/// Adds what is wrong with the address of media, the member `mediaUri` of `field`.
pub(super) fn check_media_uri(media_uri: &Url, field: &str, problems: &mut Problems) {
    check_url(media_uri, &member(field, "mediaUri"), problems);
}

/// Returns a warning about a caption, the member `caption` of `field`.
pub(super) fn caption_warning(caption: Option<&str>, field: &str) -> Option<Problem> {
    text_warning(caption?, || member(field, "caption"))
}

/// Returns the path of the member `name` of `field`, which is empty at the root.
pub(super) fn member(field: &str, name: &str) -> String {
    if field.is_empty() {
        name.to_owned()
    } else {
        format!("{field}.{name}")
    }
}
