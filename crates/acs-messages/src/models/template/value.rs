//! The values that fill a template.

use std::fmt;

use ms_messenger_core::Problems;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::slot::Slot;
use crate::models::{open::open_kinds, text::check_url};

/// A named value of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateValue {
    /// The name by which bindings refer to it.
    pub name: String,
    /// The value.
    #[serde(flatten)]
    pub value: TemplateValueKind,
}

impl TemplateValue {
    /// `value` under `name`.
    pub fn new(name: impl Into<String>, value: TemplateValueKind) -> Self {
        Self {
            name: name.into(),
            value,
        }
    }
}

/// A value that fills a placeholder of a template. A kind that this version does not know survives
/// a round trip.
///
/// ```
/// use acs_messages::{MessageTemplate, TemplateMediaValue, TemplateValueKind};
///
/// let map = TemplateMediaValue::new("https://contoso.com/map.png".parse()?);
/// let template = MessageTemplate::new("directions", "en")
///     .bind_header(TemplateValueKind::image(map.with_caption("the way")))
///     .bind_body(TemplateValueKind::text("Lene"));
/// assert!(template.check().is_ok());
/// # Ok::<(), url::ParseError>(())
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
pub enum TemplateValueKind {
    /// Text.
    #[non_exhaustive]
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    Image(TemplateMediaValue),
    /// A document.
    Document(TemplateMediaValue),
    /// A video.
    Video(TemplateMediaValue),
    /// A place.
    Location(TemplatePlaceValue),
    /// The value of a button.
    #[non_exhaustive]
    QuickAction {
        /// The variable end of a URL, for a button of the sub-type `url`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The payload that is returned when it is pressed, for the sub-type `quickReply`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
    },
    /// A kind that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

/// Prints the kind alone.
impl fmt::Debug for TemplateValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Text { .. } => "Text",
            Self::QuickAction { .. } => "QuickAction",
            Self::Image(_) => "Image",
            Self::Document(_) => "Document",
            Self::Video(_) => "Video",
            Self::Location(_) => "Location",
            Self::Other(_) => "Other",
        };
        f.debug_struct(kind).finish_non_exhaustive()
    }
}

impl TemplateValueKind {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// An image, by its https address or with caption and file name; for a header.
    pub fn image(image: impl Into<TemplateMediaValue>) -> Self {
        Self::Image(image.into())
    }

    /// A document, by its https address or with caption and file name; for a header.
    pub fn document(document: impl Into<TemplateMediaValue>) -> Self {
        Self::Document(document.into())
    }

    /// A video, by its https address or with caption and file name; for a header.
    pub fn video(video: impl Into<TemplateMediaValue>) -> Self {
        Self::Video(video.into())
    }

    /// A place; for a header.
    #[must_use]
    pub fn location(place: TemplatePlaceValue) -> Self {
        Self::Location(place)
    }

    /// The payload that a quick-reply button returns when it is pressed.
    pub fn quick_reply(payload: impl Into<String>) -> Self {
        Self::QuickAction {
            text: None,
            payload: Some(payload.into()),
        }
    }

    /// The variable end of the URL of a button.
    pub fn url_suffix(suffix: impl Into<String>) -> Self {
        Self::QuickAction {
            text: Some(suffix.into()),
            payload: None,
        }
    }

    pub(super) fn suits(&self, slot: Slot) -> bool {
        match self {
            // What neither this version nor its documents know may go together.
            _ if slot == Slot::UnknownButton => true,
            Self::Other(_) => true,
            Self::Text { .. } => matches!(slot, Slot::Header | Slot::Body | Slot::Footer),
            Self::QuickAction { text, payload } => match slot {
                Slot::QuickReply => payload.is_some(),
                Slot::Url => text.is_some(),
                _ => false,
            },
            _ => slot == Slot::Header,
        }
    }

    /// Adds what is wrong with it, as far as the rules of the service are known.
    pub(super) fn find_problems(&self, field: &str, problems: &mut Problems) {
        match self {
            Self::Image(media) | Self::Document(media) | Self::Video(media) => {
                check_url(&media.url, &format!("{field}.url"), problems);
            }
            Self::Location(place) => {
                let is_sound = (-90.0..=90.0).contains(&place.latitude);
                let path = format!("{field}.latitude");
                problems.add_if(!is_sound, &path, "must be from -90 to 90");
                let is_sound = (-180.0..=180.0).contains(&place.longitude);
                let path = format!("{field}.longitude");
                problems.add_if(!is_sound, &path, "must be from -180 to 180");
            }
            Self::Text { .. } | Self::QuickAction { .. } | Self::Other(_) => {}
        }
    }
}

open_kinds!(
    TemplateValueKind,
    &[
        "text",
        "image",
        "document",
        "video",
        "location",
        "quickAction",
    ]
);

/// An image, document or video in the header of a template.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct TemplateMediaValue {
    /// Its address: https, and reachable for the service.
    pub url: Url,
    /// Text shown with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The file name that the recipient sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// Does not print its contents.
impl fmt::Debug for TemplateMediaValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateMediaValue")
            .field("has_caption", &self.caption.is_some())
            .finish_non_exhaustive()
    }
}

impl TemplateMediaValue {
    /// Media at `url`, an https address.
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

    /// Sets the file name that the recipient sees.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = Some(file_name.into());
        self
    }
}

impl From<Url> for TemplateMediaValue {
    fn from(url: Url) -> Self {
        Self::new(url)
    }
}

/// A place in the header of a template.
///
/// ```
/// use acs_messages::{TemplatePlaceValue, TemplateValueKind};
///
/// let place = TemplatePlaceValue::new(59.3, 18.1).with_location_name("the office");
/// assert_eq!(
///     serde_json::to_string(&TemplateValueKind::location(place))?,
///     r#"{"kind":"location","latitude":59.3,"longitude":18.1,"locationName":"the office"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct TemplatePlaceValue {
    /// Degrees north, from -90 to 90.
    pub latitude: f64,
    /// Degrees east, from -180 to 180.
    pub longitude: f64,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    /// Its postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl TemplatePlaceValue {
    /// The place at `latitude` degrees north and `longitude` degrees east.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Self {
        Self {
            latitude,
            longitude,
            location_name: None,
            address: None,
        }
    }

    /// Sets the name of the place.
    #[must_use]
    pub fn with_location_name(mut self, name: impl Into<String>) -> Self {
        self.location_name = Some(name.into());
        self
    }

    /// Sets the postal address of the place.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }
}
