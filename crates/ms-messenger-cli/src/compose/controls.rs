//! Control characters in a message: terminal escapes begin with one.

use ms_messenger::{Attachment, Message, Problem};
use serde_json::{Value, json};

use crate::text::compose::{CONTROLS, STRIP_CONTROLS};

/// The most texts of a message that are named.
const MOST: usize = 10;

/// Removes terminal escapes, and every control character but tabs and line breaks.
pub(crate) fn without(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    text.replace(is_unwanted, "")
}

/// Returns a warning for each text of a message that has some, by its path in the JSON form. The
/// `remedy` follows the rule.
pub(crate) fn find(message: &Message, remedy: &str) -> Vec<Problem> {
    let rule = format!("{CONTROLS}{remedy}");
    let mut fields = Vec::new();
    let parts = [
        ("message.subject".to_owned(), json!(message.subject)),
        ("message.body".to_owned(), json!(message.body)),
    ];
    let attachments = message.attachments.iter().enumerate();
    let attachments = attachments
        // Bytes are no text.
        .filter(|(_, it)| matches!(it, Attachment::Card(_) | Attachment::File(_)))
        .map(|(i, it)| (format!("message.attachments[{i}]"), json!(it)));
    for (path, value) in parts.into_iter().chain(attachments) {
        look(&value, path, &mut fields);
    }
    fields.truncate(MOST);
    let warnings = fields.into_iter();
    warnings.map(|path| Problem::new(path, &*rule)).collect()
}

/// As [`find`], for the text of an option.
pub(crate) fn find_in(option: &str, text: &str) -> Option<Problem> {
    let warning = || Problem::new(option, format!("{CONTROLS}{STRIP_CONTROLS}"));
    text.contains(is_unwanted).then(warning)
}

/// Adds the paths of the texts with control characters below `path`.
fn look(value: &Value, path: String, fields: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(is_unwanted) => fields.push(path),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                look(item, format!("{path}[{i}]"), fields);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                look(value, format!("{path}.{name}"), fields);
            }
        }
        _ => {}
    }
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use ms_messenger::Template;

    use super::*;

    fn fields(message: &Message) -> Vec<String> {
        let found = find(message, "").into_iter();
        found.map(|it| it.field).collect()
    }

    #[test]
    fn every_text_of_a_message_is_looked_at() {
        let mut message = Message::html_with_text("\u{1b}[1mx", "\u{7}x");
        message.subject = Some("\u{9b}31m".to_owned());
        assert_eq!(
            fields(&message),
            [
                "message.subject",
                "message.body.html.html",
                "message.body.html.text"
            ]
        );
        let mut template = Template::new("t", "en");
        template.body = vec!["a\tb\r\nc".to_owned(), "\0".to_owned()];
        let message = Message::template(template);
        assert_eq!(fields(&message), ["message.body.template.body[1]"]);
        let native = json!({"body": {"content": "\u{1b}"}});
        let message = Message::native("msgraph-chat", native);
        assert_eq!(
            fields(&message),
            ["message.body.native.payload.body.content"]
        );
        assert!(fields(&Message::text("ü 👍 plain\n")).is_empty());
    }

    #[test]
    fn what_is_removed_leaves_the_text() {
        let text = "\u{1b}[31mred\u{1b}[0m\t\u{1b}]0;title\u{7}a\r\nb\0\u{9b}c";
        assert_eq!(without(text), "red\ta\r\nbc");
        assert_eq!(without("ü 👍🏽"), "ü 👍🏽");
    }
}
