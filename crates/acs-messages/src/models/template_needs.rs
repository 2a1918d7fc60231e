//! What a template asks for, read from its components.

use serde_json::Value;

/// The most placeholders of a part, and the most buttons, that are read.
const MOST: usize = 100;

/// What a template asks for. Positions are those of the bindings that fill it
/// ([`WhatsAppBindings`](crate::WhatsAppBindings)).
///
/// ```
/// use acs_messages::{ButtonNeed, HeaderNeed, TemplateNeeds};
/// use serde_json::json;
///
/// let needs = TemplateNeeds::read(&json!([
///     {"type": "HEADER", "format": "IMAGE"},
///     {"type": "BODY", "text": "Your appointment is on {{1}} at {{2}}."},
///     {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirm"}]},
/// ]));
/// assert_eq!(needs.header, HeaderNeed::Image);
/// assert_eq!(needs.body, ["1", "2"]);
/// assert_eq!(needs.buttons, [ButtonNeed::QuickReply]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateNeeds {
    /// What fills the header.
    pub header: HeaderNeed,
    /// The placeholders of the body, without braces: `1`, `2`, … or names.
    pub body: Vec<String>,
    /// What fills each button.
    pub buttons: Vec<ButtonNeed>,
    /// The types of components that this version does not know, e.g. `CAROUSEL`. What they ask for
    /// is not checked.
    pub unknown: Vec<String>,
}

/// What fills the header of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderNeed {
    /// Nothing.
    #[default]
    Nothing,
    /// A text.
    Text,
    /// An image.
    Image,
    /// A video.
    Video,
    /// A document.
    Document,
    /// A location.
    Location,
    /// Something that this version does not know. It is not checked.
    Unknown,
}

/// What fills a button of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ButtonNeed {
    /// A payload, which is returned when the button is pressed. It can be left out.
    QuickReply,
    /// The variable end of a URL.
    UrlSuffix,
    /// Nothing: a fixed URL or telephone number.
    Nothing,
    /// Something that this version does not know. It is not checked.
    Unknown,
}

impl TemplateNeeds {
    /// Reads the components of a template, as the service lists them.
    #[must_use]
    pub fn read(components: &Value) -> Self {
        let mut needs = Self::default();
        for component in components.as_array().into_iter().flatten().take(MOST) {
            let text = component["text"].as_str().unwrap_or_default();
            let kind = component["type"].as_str().unwrap_or_default();
            match kind.to_ascii_uppercase().as_str() {
                "HEADER" => needs.header = header(component, text),
                "BODY" => needs.body = placeholders(text),
                "FOOTER" => {}
                "BUTTONS" => {
                    let buttons = component["buttons"].as_array().into_iter().flatten();
                    needs.buttons = buttons.take(MOST).map(button).collect();
                }
                _ => needs.unknown.push(kind.to_owned()),
            }
        }
        needs
    }
}

fn header(component: &Value, text: &str) -> HeaderNeed {
    let format = component["format"].as_str().unwrap_or("TEXT");
    match format.to_ascii_uppercase().as_str() {
        "TEXT" if placeholders(text).is_empty() => HeaderNeed::Nothing,
        "TEXT" => HeaderNeed::Text,
        "IMAGE" => HeaderNeed::Image,
        "VIDEO" => HeaderNeed::Video,
        "DOCUMENT" => HeaderNeed::Document,
        "LOCATION" => HeaderNeed::Location,
        _ => HeaderNeed::Unknown,
    }
}

fn button(button: &Value) -> ButtonNeed {
    let kind = button["type"].as_str().unwrap_or_default();
    let url = button["url"].as_str().unwrap_or_default();
    match kind.to_ascii_uppercase().as_str() {
        "QUICK_REPLY" => ButtonNeed::QuickReply,
        "URL" if placeholders(url).is_empty() => ButtonNeed::Nothing,
        "URL" => ButtonNeed::UrlSuffix,
        "PHONE_NUMBER" | "VOICE_CALL" => ButtonNeed::Nothing,
        _ => ButtonNeed::Unknown,
    }
}

/// The names within double braces, each once, numbers in their order.
fn placeholders(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split("{{").skip(1) {
        let Some((name, _)) = part.split_once("}}") else {
            continue;
        };
        let name = name.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_sound = !name.is_empty() && name.len() <= 64 && name.chars().all(is_name);
        if is_sound && found.len() < MOST && !found.iter().any(|it| it == name) {
            found.push(name.to_owned());
        }
    }
    // A stable sort: names, which are no numbers, keep their order.
    found.sort_by_key(|name| name.parse::<u64>().unwrap_or(u64::MAX));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_read_once_and_in_their_order() {
        for (text, expected) in [
            ("", &[][..]),
            ("no {1} or {{}} or {{ }} or {{1", &[]),
            ("{{2}} {{1}} {{ 2 }} {{10}}", &["1", "2", "10"]),
            ("{{first_name}}, {{code}}", &["first_name", "code"]),
            ("{{{1}}}", &[]),
            ("{{a b}} {{1}}", &["1"]),
        ] {
            assert_eq!(placeholders(text), expected, "{text}");
        }
        let many: String = (0..1000).map(|n| format!("{{{{{n}}}}}")).collect();
        assert_eq!(placeholders(&many).len(), MOST);
    }

    #[test]
    fn every_part_of_a_template_is_read() {
        let needs = TemplateNeeds::read(&json!([
            {"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"},
            {"type": "body", "text": "x"},
            {"type": "FOOTER", "text": "{{1}}"},
            {"type": "BUTTONS", "buttons": [
                {"type": "URL", "url": "https://contoso.com"},
                {"type": "URL", "url": "https://contoso.com/{{1}}"},
                {"type": "PHONE_NUMBER"}, {"type": "FLOW"}, 7]},
            {"type": "CAROUSEL"}, null,
        ]));
        assert_eq!(needs.header, HeaderNeed::Text);
        assert_eq!(needs.body.len(), 0);
        let (nothing, unknown) = (ButtonNeed::Nothing, ButtonNeed::Unknown);
        let url = ButtonNeed::UrlSuffix;
        assert_eq!(needs.buttons, [nothing, url, nothing, unknown, unknown]);
        assert_eq!(needs.unknown, ["CAROUSEL", ""]);
        for nothing in [json!(null), json!({}), json!("x"), json!([[]])] {
            let needs = TemplateNeeds::read(&nothing);
            assert_eq!(needs.header, HeaderNeed::Nothing);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([{}0-9a-z ]|.){0,60}") {
            let content = json!([{"type": "BODY", "text": text}, {"type": text, "format": text}]);
            prop_assert!(TemplateNeeds::read(&content).body.len() <= MOST);
        }
    }
}
