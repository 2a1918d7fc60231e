//! Templates of the neutral model.

use ms_messenger_core::{Template, TemplateButton, TemplateHeader, TemplateMedia};

use super::{
    MessageTemplate,
    bindings::{ButtonBinding, ButtonSubType, TemplateBindings, ValueReference, WhatsAppBindings},
    value::{TemplateMediaValue, TemplatePlaceValue, TemplateValue, TemplateValueKind},
};

/// Fills a template by position, as the neutral model holds it.
impl From<&Template> for MessageTemplate {
    fn from(template: &Template) -> Self {
        Self::from_neutral(template)
    }
}

impl MessageTemplate {
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
            .map(|it| ValueReference::new(add(it)))
            .into_iter()
            .collect();
        for text in &template.body {
            let name = add(TemplateValueKind::text(text.as_str()));
            bindings.body.push(ValueReference::new(name));
        }
        for button in &template.buttons {
            let (sub_type, text, payload) = match button {
                TemplateButton::QuickReply(payload) => {
                    (ButtonSubType::QuickReply, None, Some(payload.clone()))
                }
                TemplateButton::Url(suffix) => (ButtonSubType::Url, Some(suffix.clone()), None),
                // The neutral model may grow; a button of a new kind has no sub-type and is refused.
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
        TemplateHeader::Image(media) => TemplateValueKind::Image(media_value(media)),
        TemplateHeader::Document(media) => TemplateValueKind::Document(media_value(media)),
        TemplateHeader::Video(media) => TemplateValueKind::Video(media_value(media)),
        TemplateHeader::Location(place) => TemplateValueKind::Location(TemplatePlaceValue {
            latitude: place.latitude,
            longitude: place.longitude,
            location_name: place.name.clone(),
            address: place.address.clone(),
        }),
        // A header of a new kind suits no place and is refused.
        _ => TemplateValueKind::QuickAction {
            text: None,
            payload: None,
        },
    }
}

fn media_value(media: &TemplateMedia) -> TemplateMediaValue {
    TemplateMediaValue {
        url: media.url.clone(),
        caption: media.caption.clone(),
        file_name: media.file_name.clone(),
    }
}
