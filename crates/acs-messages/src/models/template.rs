//! Templates and the values that fill them.

mod neutral;

use std::collections::HashMap;

use ms_messenger_core::{Problems, open_enum};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use url::Url;

use super::{
    check_url,
    open::{self, Open},
};

const VALUE_KINDS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "location",
    "quickAction",
];

/// A template that WhatsApp holds, filled with values.
///
/// The position of a reference is the placeholder that it fills: the first of
/// [`WhatsAppBindings::body`] fills `{{1}}`, the first of the buttons the first button.
/// [`MessageTemplate::bind_body`] and its siblings bind values by position and so cannot get that wrong.
///
/// ```
/// use acs_messages::{MessageTemplate, models::TemplateValueKind};
///
/// let template = MessageTemplate::new("appointment_reminder", "en_US")
///     .bind_body(TemplateValueKind::text("Lene"))
///     .bind_quick_reply("confirm-4711");
/// assert!(template.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MessageTemplate {
    /// Its name.
    pub name: String,
    /// Its language: ISO 639, with an optional country: `en`, `en_US`.
    pub language: String,
    /// The values, each under a name of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<TemplateValue>,
    /// Which value fills what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bindings: Option<TemplateBindings>,
}

/// A value under its name.
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

/// A value. A kind that this version does not know survives a round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Image {
        /// Where the service fetches it.
        url: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The name that it gets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
    },
    /// A document.
    Document {
        /// Where the service fetches it.
        url: Url,
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
        url: Url,
        /// Text shown with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// The name that it gets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// The name of the place.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location_name: Option<String>,
        /// Its postal address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// What a button carries.
    QuickAction {
        /// The variable end of a URL, for a button of the sub-type `url`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What comes back when it is pressed, for the sub-type `quickReply`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<String>,
    },
    /// A kind that this version does not know, as it stands on the wire.
    #[serde(skip)]
    Other(Value),
}

impl TemplateValueKind {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    fn suits(&self, slot: Slot) -> bool {
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
}

impl Serialize for TemplateValueKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TemplateValueKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        open::read(deserializer)
    }
}

impl Open for TemplateValueKind {
    const KINDS: &'static [&'static str] = VALUE_KINDS;

    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
    }
}

/// Which value fills what. Bindings of a channel that this version does not know survive a
/// round trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "kind",
    deny_unknown_fields,
    rename_all = "camelCase"
)]
#[non_exhaustive]
pub enum TemplateBindings {
    /// For WhatsApp.
    WhatsApp(WhatsAppBindings),
    /// For a channel that this version does not know, as it stands on the wire.
    #[serde(skip)]
    Other(Value),
}

impl Serialize for TemplateBindings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for TemplateBindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        open::read(deserializer)
    }
}

impl Open for TemplateBindings {
    const KINDS: &'static [&'static str] = &["whatsApp"];

    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::deserialize(input)
    }

    fn other(value: Value) -> Self {
        Self::Other(value)
    }
}

/// Which value fills which part of a WhatsApp template, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WhatsAppBindings {
    /// The header.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<Reference>,
    /// `{{1}}`, `{{2}}`, … of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<Reference>,
    /// The footer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footer: Vec<Reference>,
    /// The buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ButtonBinding>,
}

/// A reference to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Reference {
    /// The name of the value.
    pub ref_value: String,
}

impl Reference {
    /// A reference to the value named `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            ref_value: name.into(),
        }
    }
}

open_enum! {
    /// What a button does.
    pub enum ButtonSubType {
        /// Sends a payload back.
        QuickReply = "quickReply",
        /// Opens a link.
        Url = "url",
    }
}

/// A button and the value that fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ButtonBinding {
    /// What the button does.
    pub sub_type: ButtonSubType,
    /// The name of the value.
    pub ref_value: String,
}

impl ButtonBinding {
    /// A button of `sub_type` that the value named `name` fills.
    pub fn new(sub_type: ButtonSubType, name: impl Into<String>) -> Self {
        Self {
            sub_type,
            ref_value: name.into(),
        }
    }
}

/// A place of a template that a value can fill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Header,
    Body,
    Footer,
    QuickReply,
    Url,
    UnknownButton,
}

impl Slot {
    const fn rule(self) -> &'static str {
        match self {
            Self::Header => "a header takes a text, image, document, video or location",
            Self::Body => "a body takes a text",
            Self::Footer => "a footer takes a text",
            Self::QuickReply => "a quickReply button takes a quickAction with a payload",
            Self::Url => "a url button takes a quickAction with a text",
            Self::UnknownButton => "a button of an unknown kind takes any value",
        }
    }
}

impl MessageTemplate {
    /// The template `name` in `language`, with nothing filled.
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            values: Vec::new(),
            bindings: None,
        }
    }

    /// Fills the header.
    #[must_use]
    pub fn bind_header(mut self, value: TemplateValueKind) -> Self {
        let reference = Reference::new(self.add(value));
        self.whatsapp().header.push(reference);
        self
    }

    /// Fills the next placeholder of the body.
    #[must_use]
    pub fn bind_body(mut self, value: TemplateValueKind) -> Self {
        let reference = Reference::new(self.add(value));
        self.whatsapp().body.push(reference);
        self
    }

    /// Fills the next button with what comes back when it is pressed.
    #[must_use]
    pub fn bind_quick_reply(self, payload: impl Into<String>) -> Self {
        let value = TemplateValueKind::QuickAction {
            text: None,
            payload: Some(payload.into()),
        };
        self.bind_button(ButtonSubType::QuickReply, value)
    }

    /// Fills the next button with the variable end of its URL.
    #[must_use]
    pub fn bind_url(self, suffix: impl Into<String>) -> Self {
        let value = TemplateValueKind::QuickAction {
            text: Some(suffix.into()),
            payload: None,
        };
        self.bind_button(ButtonSubType::Url, value)
    }

    fn bind_button(mut self, sub_type: ButtonSubType, value: TemplateValueKind) -> Self {
        let binding = ButtonBinding::new(sub_type, self.add(value));
        self.whatsapp().buttons.push(binding);
        self
    }

    /// Adds a value under a name that no other has, and answers the name.
    fn add(&mut self, value: TemplateValueKind) -> String {
        let mut number = self.values.len() + 1;
        let mut name = format!("value{number}");
        while self.values.iter().any(|v| v.name == name) {
            number += 1;
            name = format!("value{number}");
        }
        self.values.push(TemplateValue::new(name.clone(), value));
        name
    }

    /// The bindings for WhatsApp, made if there are none. Bindings of a channel that this
    /// version does not know are replaced: one template has one set.
    fn whatsapp(&mut self) -> &mut WhatsAppBindings {
        let bindings = self
            .bindings
            .get_or_insert_with(|| TemplateBindings::WhatsApp(WhatsAppBindings::default()));
        if let TemplateBindings::Other(_) = bindings {
            *bindings = TemplateBindings::WhatsApp(WhatsAppBindings::default());
        }
        match bindings {
            TemplateBindings::WhatsApp(bindings) => bindings,
            TemplateBindings::Other(_) => unreachable!("replaced above"),
        }
    }

    /// Checks it without any I/O: a name and a language, values under names of their own, every
    /// reference to a value that is there and suits its slot.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem.
    pub fn check(&self) -> ms_messenger_core::Result<()> {
        let mut problems = Problems::new();
        self.find_problems("template", &mut problems);
        problems.into_result(ms_messenger_core::ErrorKind::InvalidRequest)
    }

    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        problems.add_if(
            self.name.is_empty(),
            &format!("{field}.name"),
            "must not be empty",
        );
        let sound = is_language(&self.language);
        let rule = "must be two letters with an optional country: en, en_US";
        problems.add_if(!sound, &format!("{field}.language"), rule);
        let mut values = HashMap::with_capacity(self.values.len());
        for (i, value) in self.values.iter().enumerate() {
            let field = format!("{field}.values[{i}]");
            let name = format!("{field}.name");
            problems.add_if(value.name.is_empty(), &name, "must not be empty");
            let twice = values.insert(value.name.as_str(), &value.value).is_some();
            problems.add_if(twice, &name, "must not stand twice");
            find_value_problems(&value.value, &field, problems);
        }
        if let Some(TemplateBindings::WhatsApp(bindings)) = &self.bindings {
            let field = format!("{field}.bindings");
            bindings.find_problems(&values, &field, problems);
        }
    }
}

fn find_value_problems(value: &TemplateValueKind, field: &str, problems: &mut Problems) {
    match value {
        TemplateValueKind::Image { url, .. }
        | TemplateValueKind::Document { url, .. }
        | TemplateValueKind::Video { url, .. } => check_url(url, &format!("{field}.url"), problems),
        TemplateValueKind::Location {
            latitude,
            longitude,
            ..
        } => {
            let north = (-90.0..=90.0).contains(latitude);
            problems.add_if(
                !north,
                &format!("{field}.latitude"),
                "must be from -90 to 90",
            );
            let east = (-180.0..=180.0).contains(longitude);
            problems.add_if(
                !east,
                &format!("{field}.longitude"),
                "must be from -180 to 180",
            );
        }
        _ => {}
    }
}

/// ISO 639 in two letters, with an optional country after an underscore. The live service takes
/// either case.
fn is_language(text: &str) -> bool {
    let (language, country) = text
        .split_once('_')
        .map_or((text, None), |(l, c)| (l, Some(c)));
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    (2..=3).contains(&language.len())
        && letters(language)
        && country.is_none_or(|country| country.len() == 2 && letters(country))
}

impl WhatsAppBindings {
    fn find_problems(
        &self,
        values: &HashMap<&str, &TemplateValueKind>,
        field: &str,
        problems: &mut Problems,
    ) {
        let mut unnamed = Problems::new();
        let mut check = |name: &str, slot: Slot, field: String| match values.get(name) {
            None => problems.add(field, "must be the name of one of the values"),
            Some(value) => problems.add_if(!value.suits(slot), &field, slot.rule()),
        };
        for (part, slot, references) in [
            ("header", Slot::Header, &self.header),
            ("body", Slot::Body, &self.body),
            ("footer", Slot::Footer, &self.footer),
        ] {
            for (i, reference) in references.iter().enumerate() {
                check(
                    &reference.ref_value,
                    slot,
                    format!("{field}.{part}[{i}].refValue"),
                );
            }
        }
        for (i, button) in self.buttons.iter().enumerate() {
            let slot = match button.sub_type {
                ButtonSubType::QuickReply => Slot::QuickReply,
                ButtonSubType::Url => Slot::Url,
                ButtonSubType::Other(_) => Slot::UnknownButton,
            };
            if button.sub_type.as_str().is_empty() {
                unnamed.add(format!("{field}.buttons[{i}].subType"), "must not be empty");
            }
            check(
                &button.ref_value,
                slot,
                format!("{field}.buttons[{i}].refValue"),
            );
        }
        problems.append(unnamed);
    }
}
