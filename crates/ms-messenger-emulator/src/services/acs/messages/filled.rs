//! A template with its values filled in, as its recipient sees it.

use serde_json::Value;

use crate::{
    engine::inspect::{Button, Part},
    services::acs::messages::templates::Known,
};

/// The parts of a template message. A template that is not known shows its values.
pub(crate) fn template(known: &[Known], template: &Value) -> Vec<Part> {
    let wanted = |known: &&Known| {
        template["name"] == known.name.as_str() && template["language"] == known.language.as_str()
    };
    let filling = Filling { template };
    let Some(known) = known.iter().find(wanted) else {
        let name = template["name"].as_str().unwrap_or_default();
        let text = format!("template {name}, which is not known any more");
        return vec![Part::Note { text }];
    };
    let components = known.content.as_array().into_iter().flatten();
    components
        .filter_map(|component| filling.component(component))
        .collect()
}

/// The values of a template message and where they are bound.
struct Filling<'a> {
    template: &'a Value,
}

impl<'a> Filling<'a> {
    fn component(&self, component: &Value) -> Option<Part> {
        let text = component["text"].as_str().unwrap_or_default();
        let kind = component["type"].as_str()?.to_ascii_uppercase();
        Some(match kind.as_str() {
            "HEADER" if component["format"] == "TEXT" || !component["format"].is_string() => {
                let text = self.filled(text, "header");
                Part::Heading { text }
            }
            "HEADER" => self.header(component["format"].as_str().unwrap_or_default()),
            "BODY" => Part::text(self.filled(text, "body")),
            "FOOTER" => Part::Small {
                text: self.filled(text, "footer"),
            },
            "BUTTONS" => {
                let buttons = component["buttons"].as_array()?.iter().enumerate();
                let buttons = buttons.map(|(index, button)| self.button(index, button));
                Part::Buttons {
                    buttons: buttons.collect(),
                }
            }
            _ => {
                let name = kind.to_ascii_lowercase().replace('_', " ");
                let text = format!("{name} is not drawn");
                Part::Note { text }
            }
        })
    }

    /// The value that is bound to the place `index` of a slot.
    fn bound(&self, slot: &str, index: usize) -> Option<&'a Value> {
        let name = &self.template["bindings"][slot][index]["refValue"];
        self.value(name.as_str()?)
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        let mut values = self.template["values"].as_array()?.iter();
        values.find(|value| value["name"] == name)
    }

    /// `text` with the values of a slot in the place of `{{1}}`, `{{2}}` …, or of `{{name}}`.
    fn filled(&self, text: &str, slot: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, (name, after))) = rest
            .split_once("{{")
            .and_then(|(before, inside)| Some((before, inside.split_once("}}")?)))
        {
            filled.push_str(before);
            let index = name.trim().parse::<usize>().ok();
            let value = match index.and_then(|index| index.checked_sub(1)) {
                Some(index) => self.bound(slot, index),
                None => self.value(name.trim()),
            };
            match value.and_then(|value| value["text"].as_str()) {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&format!("{{{{{name}}}}}")),
            }
            rest = after;
        }
        filled + rest
    }

    /// A header that is no text.
    fn header(&self, format: &str) -> Part {
        let value = self.bound("header", 0).unwrap_or(&Value::Null);
        if let Some(url) = value["url"].as_str() {
            let name = value["fileName"].as_str();
            return Part::File {
                name: name.map_or_else(|| format.to_lowercase(), str::to_owned),
                media_type: None,
                media: None,
                url: Some(url.to_owned()),
            };
        }
        let said = ["locationName", "address"].into_iter();
        let said: Vec<&str> = said.filter_map(|member| value[member].as_str()).collect();
        let name = said.join(", ");
        let text = match (value["latitude"].as_f64(), value["longitude"].as_f64()) {
            (Some(latitude), Some(longitude)) => {
                format!("location {latitude}, {longitude} {name}")
            }
            _ => format!("header: {}", format.to_lowercase()),
        };
        Part::Note {
            text: text.trim_end().to_owned(),
        }
    }

    fn button(&self, index: usize, button: &Value) -> Button {
        let title = button["text"].as_str().unwrap_or_default();
        let value = self.bound("buttons", index).unwrap_or(&Value::Null);
        let url = button["url"].as_str().map(|url| {
            let suffix = value["text"].as_str().or_else(|| value["payload"].as_str());
            url.replace("{{1}}", suffix.unwrap_or("{{1}}"))
        });
        Button {
            title: title.to_owned(),
            detail: value["payload"]
                .as_str()
                .or_else(|| button["phone_number"].as_str())
                .map(str::to_owned),
            url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::acs::messages::templates::seeded;
    use serde_json::json;

    #[test]
    fn values_are_where_their_bindings_say() {
        let message = json!({
            "name": "order_shipped", "language": "en_US",
            "values": [
                {"kind": "image", "name": "picture", "url": "https://a.test/p.png"},
                {"kind": "text", "name": "who", "text": "Lene"},
                {"kind": "text", "name": "order", "text": "{{1}} <b>"},
                {"kind": "quickAction", "name": "track", "text": "77"},
            ],
            "bindings": {
                "kind": "whatsApp",
                "header": [{"refValue": "picture"}],
                "body": [{"refValue": "who"}, {"refValue": "order"}],
                "buttons": [{"subType": "quickReply", "refValue": "none"},
                            {"subType": "url", "refValue": "track"}],
            },
        });
        let parts = template(&seeded(), &message);
        assert!(
            matches!(&parts[0], Part::File { url: Some(url), .. } if url == "https://a.test/p.png")
        );
        let body = "Hello Lene, your order {{1}} <b> is on its way.";
        assert_eq!(parts[1], Part::text(body));
        assert_eq!(
            parts[2],
            Part::Small {
                text: "Contoso".to_owned()
            }
        );
        let Part::Buttons { buttons } = &parts[3] else {
            panic!("{parts:?}");
        };
        let url = Some("https://contoso.test/orders/77");
        assert_eq!(buttons[1].url.as_deref(), url);
    }

    #[test]
    fn what_is_not_drawn_is_said() {
        let known = Known {
            name: "offer".to_owned(),
            language: "en".to_owned(),
            status: "approved".to_owned(),
            content: json!([
                {"type": "header", "format": "LOCATION"},
                {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Today"}},
                {"type": "CAROUSEL", "cards": []},
                {"type": "BUTTONS", "buttons": [
                    {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+14255550100"},
                ]},
            ]),
        };
        let message = json!({
            "name": "offer", "language": "en",
            "values": [{"kind": "location", "name": "place", "latitude": 1.5, "longitude": 2.5,
                        "locationName": "Contoso", "address": "Main Street 1"}],
            "bindings": {"header": [{"refValue": "place"}]},
        });
        let note = |text: &str| Part::Note {
            text: text.to_owned(),
        };
        let call = Button {
            title: "Call".to_owned(),
            detail: Some("+14255550100".to_owned()),
            url: None,
        };
        let expected = [
            note("location 1.5, 2.5 Contoso, Main Street 1"),
            note("limited time offer is not drawn"),
            note("carousel is not drawn"),
            Part::Buttons {
                buttons: vec![call],
            },
        ];
        assert_eq!(template(&[known], &message), expected);
    }

    #[test]
    fn what_is_missing_or_no_template_is_shown_as_it_is() {
        let parts = template(&seeded(), &json!({"name": "reminder", "language": "en_US"}));
        assert_eq!(parts, [Part::text("Do not forget, {{1}}.")]);
        for odd in [
            json!(null),
            json!([]),
            json!({"name": 1, "values": "x", "bindings": 3}),
        ] {
            assert!(matches!(&template(&seeded(), &odd)[0], Part::Note { .. }));
        }
        let filling = Filling {
            template: &Value::Null,
        };
        assert_eq!(
            filling.filled("{{ {{0}} {{99999999999999999999}} }}{{", "body"),
            "{{ {{0}} {{99999999999999999999}} }}{{"
        );
    }
}
