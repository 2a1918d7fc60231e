//! Templates and the values that fill them.

mod bindings;
mod neutral;
mod slot;
mod value;

use std::collections::HashMap;

use ms_messenger_core::{ErrorKind, Problems, Result};
use serde::{Deserialize, Serialize};

pub use bindings::{
    ButtonBinding, ButtonSubType, TemplateBindings, ValueReference, WhatsAppBindings,
};
pub use value::{TemplateMediaValue, TemplatePlaceValue, TemplateValue, TemplateValueKind};

/// A template that is stored at WhatsApp, with the values that fill it.
///
/// The position of a reference is the placeholder that it fills: the first of
/// [`WhatsAppBindings::body`] fills `{{1}}`, the first of the buttons the first button.
/// [`MessageTemplate::bind_body`] and the other `bind_` methods bind values in this order.
///
/// ```
/// use acs_messages::{MessageTemplate, TemplateValueKind};
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
    /// The parts that the values fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bindings: Option<TemplateBindings>,
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
        let reference = ValueReference::new(self.add(value));
        self.whatsapp().header.push(reference);
        self
    }

    /// Fills the next placeholder of the body.
    #[must_use]
    pub fn bind_body(mut self, value: TemplateValueKind) -> Self {
        let reference = ValueReference::new(self.add(value));
        self.whatsapp().body.push(reference);
        self
    }

    /// Fills the next button with the payload that is returned when it is pressed.
    #[must_use]
    pub fn bind_quick_reply(self, payload: impl Into<String>) -> Self {
        let value = TemplateValueKind::quick_reply(payload);
        self.bind_button(ButtonSubType::QuickReply, value)
    }

    /// Fills the next button with the variable end of its URL.
    #[must_use]
    pub fn bind_url(self, suffix: impl Into<String>) -> Self {
        let value = TemplateValueKind::url_suffix(suffix);
        self.bind_button(ButtonSubType::Url, value)
    }

    fn bind_button(mut self, sub_type: ButtonSubType, value: TemplateValueKind) -> Self {
        let binding = ButtonBinding::new(sub_type, self.add(value));
        self.whatsapp().buttons.push(binding);
        self
    }

    /// Adds a value under a name that no other has, and returns the name.
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

    /// Returns the bindings for WhatsApp, which are created if there are none. Bindings of a channel
    /// that this version does not know are replaced: a template has one set of bindings.
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

    /// Checks the template without any I/O: it has a name and a language, the names of its values
    /// are unique, and every reference names a value that suits its place.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem.
    pub fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        self.find_problems("template", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)
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
            problems.add_if(twice, &name, "must not occur twice");
            value.value.find_problems(&field, problems);
        }
        if let Some(TemplateBindings::WhatsApp(bindings)) = &self.bindings {
            let field = format!("{field}.bindings");
            bindings.find_problems(&values, &field, problems);
        }
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
