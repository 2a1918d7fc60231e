//! The attachments of a message.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::upload::FileUpload;
use crate::{closed_enum::closed_enum, redact};

/// An attachment of a message. `Debug` prints kinds and sizes only.
///
/// ```
/// use ms_messenger_core::{Attachment, FileReference, Message};
///
/// let report = FileReference::new("https://contoso.sharepoint.com/report.docx".parse()?);
/// let message = Message::text("The report").with_attachment(Attachment::File(report));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attachment {
    /// A file that is stored where the recipients can read it.
    File(FileReference),
    /// An image that is stored where the recipients can read it.
    Image(FileReference),
    /// A card.
    Card(Card),
    /// An image whose bytes are part of the message, shown in its content.
    InlineImage(InlineImage),
    /// A file that is uploaded with the message.
    Upload(FileUpload),
}

impl Attachment {
    /// Creates an attachment of the file at `path`, which is uploaded when the message is sent.
    ///
    /// ```
    /// use ms_messenger_core::{Attachment, Message};
    ///
    /// let report = Attachment::file("/var/reports/visits.pdf");
    /// let message = Message::text("The report").with_attachment(report);
    /// ```
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::Upload(FileUpload::path(path))
    }

    /// Creates an attachment of `bytes`, which are uploaded as a file with the name `name` when the
    /// message is sent.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Upload(FileUpload::bytes(name, bytes))
    }
}

/// A reference to a file or image that is stored elsewhere. `Debug` prints neither the URL nor the
/// name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileReference {
    /// The URL of the file.
    #[serde(with = "crate::json::text::url")]
    pub url: Url,
    /// The id by which the platform knows the file; generated if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl FileReference {
    /// Creates a reference to the file at `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            id: None,
            name: None,
        }
    }

    /// Sets the id by which the platform knows the file.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

impl fmt::Debug for FileReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileReference")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

closed_enum! {
    /// The kind of a card.
    #[non_exhaustive]
    pub enum CardKind {
        /// An Adaptive Card.
        Adaptive = "adaptive",
        /// A hero card: one large image.
        Hero = "hero",
        /// A thumbnail card: one small image.
        Thumbnail = "thumbnail",
    }
}

/// A card, as the JSON of its kind. `Debug` prints the kind only.
///
/// ```
/// use ms_messenger_core::{Attachment, Card, CardKind, Message};
/// use serde_json::json;
///
/// let content = json!({"type": "AdaptiveCard", "version": "1.5", "body": []});
/// let card = Attachment::Card(Card::new(CardKind::Adaptive, content));
/// let message = Message::text("").with_attachment(card);
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Card {
    /// The kind.
    pub kind: CardKind,
    /// The card, a JSON object.
    pub content: Value,
}

impl Card {
    /// Creates a card of `kind`.
    #[must_use]
    pub fn new(kind: CardKind, content: Value) -> Self {
        Self { kind, content }
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// An image whose bytes are part of the message. `Debug` prints its size only.
///
/// ```
/// use ms_messenger_core::{Attachment, InlineImage, Message};
///
/// let png = b"\x89PNG\r\n\x1a\n".to_vec();
/// let chart = InlineImage::new("image/png", png).with_alt("Visits per day");
/// let message = Message::html("<p>Today</p>").with_attachment(Attachment::InlineImage(chart));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InlineImage {
    /// The media type, e.g. `image/png`.
    pub content_type: String,
    /// The bytes; Base64 in JSON.
    #[serde(with = "crate::json::text::base64")]
    pub bytes: Vec<u8>,
    /// The text that screen readers read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

impl InlineImage {
    /// Creates an image of `content_type`, e.g. `image/png`.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type: content_type.into(),
            bytes: bytes.into(),
            alt: None,
        }
    }

    /// Sets the text that screen readers read.
    #[must_use]
    pub fn with_alt(mut self, alt: impl Into<String>) -> Self {
        self.alt = Some(alt.into());
        self
    }
}

impl fmt::Debug for InlineImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineImage")
            .field("content_type", &self.content_type)
            .field("bytes", &redact::length(&self.bytes))
            .field("alt", &self.alt.as_ref().map(redact::length))
            .finish()
    }
}
