//! What is sent: the neutral message.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// A message, in terms that no single platform owns.
///
/// # JSON form
///
/// Stable; queues and batch files may hold it. Members that are absent are omitted, and
/// members that are not known are refused with their path:
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
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What goes with the content, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl Message {
    /// A message with `body` and nothing else.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self {
            body,
            subject: None,
            importance: Importance::Normal,
            attachments: Vec::new(),
        }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Body::Text(text.into()))
    }

    /// HTML without a text alternative; add one with [`Message::with_text_alternative`].
    pub fn html(html: impl Into<String>) -> Self {
        Self::new(Body::Html {
            html: html.into(),
            text: None,
        })
    }

    /// One medium, by URL.
    #[must_use]
    pub fn media(media: Media) -> Self {
        Self::new(Body::Media(media))
    }

    /// A template of the platform, filled.
    #[must_use]
    pub fn template(template: Template) -> Self {
        Self::new(Body::Template(template))
    }

    /// A body in the platform's own JSON; only the backend named `platform` takes it.
    pub fn native(platform: impl Into<String>, payload: Value) -> Self {
        Self::new(Body::Native {
            platform: platform.into(),
            payload,
        })
    }

    /// Gives an HTML body the text that platforms without HTML send in its place.
    /// Other bodies are left alone.
    #[must_use]
    pub fn with_text_alternative(mut self, alternative: impl Into<String>) -> Self {
        if let Body::Html { text, .. } = &mut self.body {
            *text = Some(alternative.into());
        }
        self
    }

    /// Sets the title above the content.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets how urgent it is.
    #[must_use]
    pub fn with_importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// Adds an attachment behind those that are there.
    #[must_use]
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Body {
    /// Plain text.
    Text(String),
    /// HTML, of which each platform allows a subset of its own.
    Html {
        /// The markup.
        html: String,
        /// What platforms without HTML send in its place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// One medium, fetched by the platform from a URL.
    Media(Media),
    /// A template that the platform holds, filled with values.
    Template(Template),
    /// A body in the platform's own JSON.
    Native {
        /// The platform that it is for, as [`Messenger::platform`](crate::Messenger::platform) names it.
        platform: String,
        /// The platform's own send body.
        payload: Value,
    },
}

/// How urgent a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Importance {
    /// No mark.
    #[default]
    Normal,
    /// Marked as important.
    High,
    /// Marked as urgent; the recipient may be notified repeatedly.
    Urgent,
}

impl Importance {
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// The kind of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A document.
    Document,
    /// A video.
    Video,
    /// A sound.
    Audio,
}

/// One medium, by URL. The platform fetches it, so the URL must be public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where the platform fetches it.
    #[serde(with = "crate::json::text::url")]
    pub url: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The name that a document gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

impl Media {
    /// A medium of `kind` at `url`.
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

    /// Sets the name that a document gets.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = Some(file_name.into());
        self
    }
}

/// A template that the platform holds, with its placeholders filled by position.
///
/// ```
/// use ms_messenger_core::Template;
///
/// let template = Template::new("appointment_reminder", "en_US")
///     .with_body_value("Lene")
///     .with_body_value("9:30");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Template {
    /// The name under which the platform holds it.
    pub name: String,
    /// The language, ISO 639 with an optional country: `en`, `en_US`.
    pub language: String,
    /// What fills the header, if it has a placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<TemplateHeader>,
    /// What fills `{{1}}`, `{{2}}`, … of the body, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<String>,
    /// What the buttons carry, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<TemplateButton>,
}

impl Template {
    /// The template `name` in `language`, with nothing filled.
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            header: None,
            body: Vec::new(),
            buttons: Vec::new(),
        }
    }

    /// Fills the header.
    #[must_use]
    pub fn with_header(mut self, header: TemplateHeader) -> Self {
        self.header = Some(header);
        self
    }

    /// Fills the next placeholder of the body.
    #[must_use]
    pub fn with_body_value(mut self, value: impl Into<String>) -> Self {
        self.body.push(value.into());
        self
    }

    /// Fills the next button.
    #[must_use]
    pub fn with_button(mut self, button: TemplateButton) -> Self {
        self.buttons.push(button);
        self
    }
}

/// What fills the header of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TemplateHeader {
    /// Text.
    Text(String),
    /// A picture.
    Image(TemplateMedia),
    /// A document.
    Document(TemplateMedia),
    /// A video.
    Video(TemplateMedia),
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The name of the place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its postal address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
}

/// A medium in the header of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TemplateMedia {
    /// Where the platform fetches it.
    #[serde(with = "crate::json::text::url")]
    pub url: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The name that a document gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

impl TemplateMedia {
    /// A medium at `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            caption: None,
            file_name: None,
        }
    }
}

/// What a button of a template carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TemplateButton {
    /// A quick reply; the text comes back as its payload when the button is pressed.
    QuickReply(String),
    /// A link; the text fills the variable end of its URL.
    Url(String),
}

/// What goes with the content of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Attachment {
    /// A file that is already stored where the recipients can reach it.
    File(FileReference),
    /// A picture that is already stored where the recipients can reach it.
    Image(FileReference),
    /// A card.
    Card(Card),
    /// A picture that travels within the message, shown in its content.
    InlineImage(InlineImage),
}

/// A file or picture that is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileReference {
    /// Where it is.
    #[serde(with = "crate::json::text::url")]
    pub url: Url,
    /// The id under which the platform knows it; made anew when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl FileReference {
    /// The file at `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            id: None,
            name: None,
        }
    }

    /// Sets the id under which the platform knows it.
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

/// The kind of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CardKind {
    /// An Adaptive Card.
    Adaptive,
    /// A hero card: one large picture.
    Hero,
    /// A thumbnail card: one small picture.
    Thumbnail,
}

/// A card in its own JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Card {
    /// The kind.
    pub kind: CardKind,
    /// The card itself, a JSON object.
    pub content: Value,
}

impl Card {
    /// A card of `kind`.
    #[must_use]
    pub fn new(kind: CardKind, content: Value) -> Self {
        Self { kind, content }
    }
}

/// A picture that travels within the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct InlineImage {
    /// The media type, e.g. `image/png`.
    pub content_type: String,
    /// The bytes; Base64 in JSON.
    #[serde(with = "crate::json::text::base64")]
    pub bytes: Vec<u8>,
    /// What is read out in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

impl InlineImage {
    /// A picture of `content_type`, e.g. `image/png`.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type: content_type.into(),
            bytes: bytes.into(),
            alt: None,
        }
    }

    /// Sets what is read out in its place.
    #[must_use]
    pub fn with_alt(mut self, alt: impl Into<String>) -> Self {
        self.alt = Some(alt.into());
        self
    }
}
