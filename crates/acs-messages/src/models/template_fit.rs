//! Whether a filled template has what the listed one asks for.

use ms_messenger_core::Problems;

use super::{
    template::{
        ButtonSubType, MessageTemplate, TemplateBindings, TemplateValueKind, ValueReference,
        WhatsAppBindings,
    },
    template_needs::{ButtonNeed, HeaderNeed, TemplateNeeds},
};

impl TemplateNeeds {
    /// Adds every value that is missing, left over, or does not suit its place.
    pub(super) fn find_problems(
        &self,
        template: &MessageTemplate,
        field: &str,
        problems: &mut Problems,
    ) {
        let empty = WhatsAppBindings::default();
        let bindings = match &template.bindings {
            Some(TemplateBindings::WhatsApp(bindings)) => bindings,
            // What another channel asks for is not known.
            Some(TemplateBindings::Other(_)) => return,
            None => &empty,
        };
        let field = format!("{field}.bindings");
        self.check_header(template, &bindings.header, &field, problems);
        self.check_body(&bindings.body, &field, problems);
        self.check_buttons(bindings, &field, problems);
    }

    fn check_header(
        &self,
        template: &MessageTemplate,
        header: &[ValueReference],
        field: &str,
        problems: &mut Problems,
    ) {
        let wanted = match self.header {
            HeaderNeed::Unknown => return,
            HeaderNeed::Nothing => {
                let field = format!("{field}.header");
                let rule = "the template asks for no value in its header";
                problems.add_if(!header.is_empty(), &field, rule);
                return;
            }
            HeaderNeed::Text => "a text",
            HeaderNeed::Image => "an image",
            HeaderNeed::Video => "a video",
            HeaderNeed::Document => "a document",
            HeaderNeed::Location => "a location",
        };
        let field = format!("{field}.header[0]");
        let Some(reference) = header.first() else {
            problems.add(field, format!("is missing: the header asks for {wanted}"));
            return;
        };
        let mut values = template.values.iter();
        let value = values.find(|value| value.name == reference.ref_value);
        // A reference to no value is named already.
        if value.is_some_and(|value| !self.header.takes(&value.value)) {
            problems.add(field, format!("the header asks for {wanted}"));
        }
    }

    fn check_body(&self, body: &[ValueReference], field: &str, problems: &mut Problems) {
        for (i, name) in self.body.iter().enumerate().skip(body.len()) {
            let rule = format!("is missing: the body asks for {{{{{name}}}}}");
            problems.add(format!("{field}.body[{i}]"), rule);
        }
        let count = self.body.len();
        if body.len() > count {
            let rule = format!("the body asks for {count} values only");
            problems.add(format!("{field}.body[{count}]"), rule);
        }
    }

    fn check_buttons(&self, bindings: &WhatsAppBindings, field: &str, problems: &mut Problems) {
        for (i, need) in self.buttons.iter().enumerate() {
            let field = format!("{field}.buttons[{i}]");
            let sub_type = bindings.buttons.get(i).map(|it| &it.sub_type);
            match (need, sub_type) {
                (ButtonNeed::UrlSuffix, None) => {
                    problems.add(field, "is missing: the button asks for the end of its URL");
                }
                (ButtonNeed::UrlSuffix, Some(ButtonSubType::QuickReply)) => {
                    problems.add(field, "the button asks for the end of its URL");
                }
                (ButtonNeed::QuickReply, Some(ButtonSubType::Url)) => {
                    problems.add(field, "the button asks for a payload");
                }
                _ => {}
            }
        }
        let count = self.buttons.len();
        // A component that is not known can have buttons of its own.
        if bindings.buttons.len() > count && self.unknown.is_empty() {
            let rule = format!("the template has {count} buttons only");
            problems.add(format!("{field}.buttons[{count}]"), rule);
        }
    }
}

impl HeaderNeed {
    fn takes(self, value: &TemplateValueKind) -> bool {
        match value {
            TemplateValueKind::Text { .. } => self == Self::Text,
            TemplateValueKind::Image(_) => self == Self::Image,
            TemplateValueKind::Video(_) => self == Self::Video,
            TemplateValueKind::Document(_) => self == Self::Document,
            TemplateValueKind::Location(_) => self == Self::Location,
            TemplateValueKind::QuickAction { .. } => false,
            TemplateValueKind::Other(_) => true,
        }
    }
}
