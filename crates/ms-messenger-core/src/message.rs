//! The neutral message.

mod attachment;
mod body;
mod media;
mod template;
mod upload;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use attachment::{Attachment, Card, CardKind, FileReference, InlineImage};
pub use body::Body;
pub use media::{Media, MediaKind};
pub use template::{Template, TemplateButton, TemplateHeader, TemplateLocation, TemplateMedia};
pub use upload::{FileSource, FileUpload};

use crate::{closed_enum::closed_enum, redact};

/// A message, in terms that no single platform owns.
///
/// `Debug` prints its structure and never its content.
///
/// # JSON form
///
/// Stable; queues and batch files may hold it. Members without a value are omitted; unknown
/// members are rejected with their path:
///
/// ```json
/// {"body": {"text": "hello"}, "subject": "greeting", "importance": "high",
///  "attachments": [{"file": {"url": "https://contoso.com/a.pdf", "name": "a.pdf"}}]}
/// ```
///
/// ```
/// use ms_messenger_core::{Importance, Message};
///
/// let message = Message::text("The build is red").with_importance(Importance::High);
/// assert!(!format!("{message:?}").contains("red"));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Message {
    /// The content.
    pub body: Body,
    /// A title above the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Importance::is_normal")]
    pub importance: Importance,
    /// The attachments, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// Creates a message with `body` and nothing else.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self {
            body,
            subject: None,
            importance: Importance::Normal,
            attachments: Vec::new(),
        }
    }

    /// Creates a message of plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Body::Text(text.into()))
    }

    /// Creates an HTML message. Platforms without HTML reject it; see
    /// [`html_with_text`](Self::html_with_text).
    pub fn html(html: impl Into<String>) -> Self {
        Self::new(Body::html(html))
    }

    /// Creates an HTML message with a text that platforms without HTML send instead.
    ///
    /// ```
    /// use ms_messenger_core::Message;
    ///
    /// let message = Message::html_with_text("<b>late</b>", "late");
    /// ```
    pub fn html_with_text(html: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(Body::html_with_text(html, text))
    }

    /// Creates a message of one media file, by URL.
    #[must_use]
    pub fn media(media: Media) -> Self {
        Self::new(Body::Media(media))
    }

    /// Creates a message from a template of the platform.
    #[must_use]
    pub fn template(template: Template) -> Self {
        Self::new(Body::Template(template))
    }

    /// Creates a message with a body in the platform's own JSON; only the messenger named
    /// `platform` accepts it.
    pub fn native(platform: impl Into<String>, payload: Value) -> Self {
        Self::new(Body::native(platform, payload))
    }

    /// Sets the title above the content.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets how urgent the message is.
    #[must_use]
    pub fn with_importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// Adds an attachment after the existing ones.
    #[must_use]
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }
}

/// A message of plain text.
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A message of plain text.
impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("body", &self.body)
            .field("subject", &self.subject.as_ref().map(redact::length))
            .field("importance", &self.importance)
            .field("attachments", &self.attachments)
            .finish()
    }
}

closed_enum! {
    /// How urgent a message is.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum Importance {
        /// Not marked.
        #[default]
        Normal = "normal",
        /// Marked as important.
        High = "high",
        /// Marked as urgent; the recipient may be notified repeatedly.
        Urgent = "urgent",
    }
}

impl Importance {
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Acceptance, IdempotencyKey, Receipt, SendOutcome, SendRequest, Target};

    const CONTENT: &str = "attack-at-dawn";

    fn url() -> crate::Url {
        format!("https://contoso.com/{CONTENT}?sig={CONTENT}")
            .parse()
            .unwrap()
    }

    fn bodies() -> Vec<Message> {
        let media = Media::new(MediaKind::Image, url())
            .with_caption(CONTENT)
            .with_file_name(CONTENT);
        let template = |header| {
            let template = Template::new("reminder", "en").with_header(header);
            Message::template(
                template
                    .with_body_value(CONTENT)
                    .with_button(TemplateButton::QuickReply(CONTENT.into()))
                    .with_button(TemplateButton::Url(CONTENT.into())),
            )
        };
        let image = TemplateMedia::new(url())
            .with_caption(CONTENT)
            .with_file_name(CONTENT);
        let place = TemplateLocation::new(47.6, -122.1)
            .with_name(CONTENT)
            .with_address(CONTENT);
        vec![
            Message::text(CONTENT),
            Message::html_with_text(CONTENT, CONTENT),
            Message::media(media),
            template(TemplateHeader::Text(CONTENT.into())),
            template(TemplateHeader::Image(image)),
            template(TemplateHeader::Location(place)),
            Message::native("acs-chat", serde_json::json!({ CONTENT: CONTENT })),
        ]
    }

    #[test]
    fn no_content_no_bytes_and_no_address_is_printed() {
        let file = FileReference::new(url()).with_id("1").with_name(CONTENT);
        for message in bodies() {
            let message = message
                .with_subject(CONTENT)
                .with_attachment(Attachment::File(file.clone()))
                .with_attachment(Attachment::Image(file.clone()))
                .with_attachment(Attachment::Card(Card::new(
                    CardKind::Adaptive,
                    serde_json::json!({ CONTENT: CONTENT }),
                )))
                .with_attachment(Attachment::InlineImage(
                    InlineImage::new("image/png", CONTENT).with_alt(CONTENT),
                ))
                .with_attachment(Attachment::file(CONTENT))
                .with_attachment(Attachment::bytes(CONTENT, CONTENT));
            let request = SendRequest::new(Target::conversation("1"), message.clone())
                .with_idempotency(IdempotencyKey::random());
            let outcome = SendOutcome {
                index: 0,
                request: request.clone(),
                result: Ok(Receipt::new(Acceptance::Posted)),
            };
            for text in [
                format!("{message:?}{request:?}{outcome:?}"),
                format!("{message:#?}{request:#?}{outcome:#?}"),
            ] {
                assert!(!text.contains("attack"), "{text}");
                assert!(!text.contains("97, 116"), "bytes: {text}");
                assert!(!text.contains("contoso.com"), "{text}");
                assert!(!text.contains("47.6"), "{text}");
            }
        }
    }

    #[test]
    fn what_is_printed_shows_the_structure() {
        let image = InlineImage::new("image/png", *b"png");
        let message = Message::html("<b>x</b>").with_attachment(Attachment::InlineImage(image));
        assert_eq!(
            format!("{message:?}"),
            "Message { body: Html { html: <8 bytes>, text: None }, subject: None, \
             importance: Normal, attachments: [InlineImage(InlineImage { content_type: \
             \"image/png\", bytes: <3 bytes>, alt: None })] }"
        );
    }
}
