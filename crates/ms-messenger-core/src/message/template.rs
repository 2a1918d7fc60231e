//! Templates that a platform stores.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::redact;

/// A template that the platform stores, with its placeholders filled by position. `Debug` prints
/// name, language and counts, and no values.
///
/// ```
/// use ms_messenger_core::Template;
///
/// let template = Template::new("appointment_reminder", "en_US")
///     .with_body_value("Lene")
///     .with_body_value("9:30");
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Template {
    /// The name under which the platform stores it.
    pub name: String,
    /// The language, ISO 639 with an optional country: `en`, `en_US`.
    pub language: String,
    /// The value of the header, if it has a placeholder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<TemplateHeader>,
    /// The values of `{{1}}`, `{{2}}`, … of the body, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<String>,
    /// The values of the buttons, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<TemplateButton>,
}

impl Template {
    /// Creates the template `name` in `language`, without values.
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            header: None,
            body: Vec::new(),
            buttons: Vec::new(),
        }
    }

    /// Sets the value of the header.
    #[must_use]
    pub fn with_header(mut self, header: TemplateHeader) -> Self {
        self.header = Some(header);
        self
    }

    /// Adds the value of the next placeholder of the body.
    #[must_use]
    pub fn with_body_value(mut self, value: impl Into<String>) -> Self {
        self.body.push(value.into());
        self
    }

    /// Adds the value of the next button.
    #[must_use]
    pub fn with_button(mut self, button: TemplateButton) -> Self {
        self.buttons.push(button);
        self
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.name)
            .field("language", &self.language)
            .field("header", &self.header)
            .field("body", &format_args!("<{} values>", self.body.len()))
            .field("buttons", &self.buttons)
            .finish()
    }
}

/// The value of a template's header. `Debug` prints no content.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TemplateHeader {
    /// Text.
    Text(String),
    /// An image.
    Image(TemplateMedia),
    /// A document.
    Document(TemplateMedia),
    /// A video.
    Video(TemplateMedia),
    /// A location.
    Location(TemplateLocation),
}

impl fmt::Debug for TemplateHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Text(text) => ("Text", Some(redact::length(text))),
            Self::Image(_) => ("Image", None),
            Self::Document(_) => ("Document", None),
            Self::Video(_) => ("Video", None),
            Self::Location(_) => ("Location", None),
        };
        match text {
            Some(text) => f.debug_tuple(kind).field(&text).finish(),
            None => f.debug_tuple(kind).finish_non_exhaustive(),
        }
    }
}

/// A media file in the header of a template. `Debug` prints neither the URL nor the texts.
///
/// ```
/// use ms_messenger_core::{Template, TemplateHeader, TemplateMedia};
///
/// let ticket = TemplateMedia::new("https://contoso.com/ticket.pdf".parse()?)
///     .with_file_name("ticket.pdf");
/// let template = Template::new("ticket", "en").with_header(TemplateHeader::Document(ticket));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TemplateMedia {
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

impl TemplateMedia {
    /// Creates a media file at `url`.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
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

impl fmt::Debug for TemplateMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateMedia")
            .field("caption", &self.caption.as_ref().map(redact::length))
            .finish_non_exhaustive()
    }
}

/// A location in the header of a template. `Debug` prints nothing of it.
///
/// ```
/// use ms_messenger_core::{Template, TemplateHeader, TemplateLocation};
///
/// let office = TemplateLocation::new(47.6396, -122.1283).with_name("Building 92");
/// let template = Template::new("directions", "en").with_header(TemplateHeader::Location(office));
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TemplateLocation {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl TemplateLocation {
    /// Creates a location from degrees north and degrees east.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Self {
        Self {
            latitude,
            longitude,
            name: None,
            address: None,
        }
    }

    /// Sets the name of the place.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets its postal address.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }
}

impl fmt::Debug for TemplateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateLocation").finish_non_exhaustive()
    }
}

/// The value of a template's button. `Debug` prints lengths only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TemplateButton {
    /// A quick reply: the text is returned as its payload when the button is pressed.
    QuickReply(String),
    /// A link: the text fills the variable end of its URL.
    Url(String),
}

impl fmt::Debug for TemplateButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::QuickReply(text) => ("QuickReply", text),
            Self::Url(text) => ("Url", text),
        };
        f.debug_tuple(kind).field(&redact::length(text)).finish()
    }
}
