//! Which value of a template fills which part.

use std::collections::HashMap;

use ms_messenger_core::{Problems, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{slot::Slot, value::TemplateValueKind};
use crate::models::open::open_kinds;

/// The values that fill the parts of a template. Bindings of a channel that this version does not know survive a
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
    /// For a channel that this version does not know, as it is on the wire.
    #[serde(skip)]
    Other(Value),
}

open_kinds!(TemplateBindings, &["whatsApp"]);

/// The values that fill the parts of a WhatsApp template, by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[non_exhaustive]
pub struct WhatsAppBindings {
    /// The header.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<ValueReference>,
    /// `{{1}}`, `{{2}}`, … of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<ValueReference>,
    /// The footer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footer: Vec<ValueReference>,
    /// The buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ButtonBinding>,
}

/// A reference to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ValueReference {
    /// The name of the value.
    pub ref_value: String,
}

impl ValueReference {
    /// A reference to the value named `name`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            ref_value: name.into(),
        }
    }
}

open_enum! {
    /// The action of a button.
    pub enum ButtonSubType {
        /// Sends a payload back.
        QuickReply = "quickReply",
        /// Opens a link.
        Url = "url",
    }
}

/// A button and the value that fills it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ButtonBinding {
    /// The action of the button.
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

impl WhatsAppBindings {
    /// Adds references to values that are missing or do not suit their place.
    pub(super) fn find_problems(
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
