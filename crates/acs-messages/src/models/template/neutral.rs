//! Templates of the neutral model.

use ms_messenger_core::{Template, TemplateButton, TemplateHeader, TemplateMedia};

use super::{
    ButtonBinding, ButtonSubType, MessageTemplate, Reference, TemplateBindings, TemplateValue,
    TemplateValueKind, WhatsAppBindings,
};

impl MessageTemplate {
    /// Fills a template by position, as the neutral model holds it.
    pub(crate) fn from_neutral(template: &Template) -> Self {
        let mut native = Self::new(template.name.as_str(), template.language.as_str());
        let mut bindings = WhatsAppBindings::default();
        // The names are free: no other value is there.
        let values = &mut native.values;
        let mut add = |value: TemplateValueKind| {
            let name = format!("value{}", values.len() + 1);
            values.push(TemplateValue::new(name.clone(), value));
            name
        };
        let header = template.header.as_ref().map(header_value);
        bindings.header = header
            .map(|it| Reference::new(add(it)))
            .into_iter()
            .collect();
        for text in &template.body {
            let name = add(TemplateValueKind::text(text.as_str()));
            bindings.body.push(Reference::new(name));
        }
        for button in &template.buttons {
            let (sub_type, text, payload) = match button {
                TemplateButton::QuickReply(payload) => {
                    (ButtonSubType::QuickReply, None, Some(payload.clone()))
                }
                TemplateButton::Url(suffix) => (ButtonSubType::Url, Some(suffix.clone()), None),
                // The neutral model may grow; a button of a new sort has no name and is refused.
                _ => (ButtonSubType::Other(String::new()), None, None),
            };
            let name = add(TemplateValueKind::QuickAction { text, payload });
            bindings.buttons.push(ButtonBinding::new(sub_type, name));
        }
        if !native.values.is_empty() {
            native.bindings = Some(TemplateBindings::WhatsApp(bindings));
        }
        native
    }
}

fn header_value(header: &TemplateHeader) -> TemplateValueKind {
    match header {
        TemplateHeader::Text(text) => TemplateValueKind::text(text.as_str()),
        TemplateHeader::Image(TemplateMedia {
            url,
            caption,
            file_name,
            ..
        }) => TemplateValueKind::Image {
            url: url.clone(),
            caption: caption.clone(),
            file_name: file_name.clone(),
        },
        TemplateHeader::Document(TemplateMedia {
            url,
            caption,
            file_name,
            ..
        }) => TemplateValueKind::Document {
            url: url.clone(),
            caption: caption.clone(),
            file_name: file_name.clone(),
        },
        TemplateHeader::Video(TemplateMedia {
            url,
            caption,
            file_name,
            ..
        }) => TemplateValueKind::Video {
            url: url.clone(),
            caption: caption.clone(),
            file_name: file_name.clone(),
        },
        TemplateHeader::Location(place) => TemplateValueKind::Location {
            latitude: place.latitude,
            longitude: place.longitude,
            location_name: place.name.clone(),
            address: place.address.clone(),
        },
        // A header of a new sort suits no slot and is refused.
        _ => TemplateValueKind::QuickAction {
            text: None,
            payload: None,
        },
    }
}
