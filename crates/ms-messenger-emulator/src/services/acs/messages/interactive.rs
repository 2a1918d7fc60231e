//! Interactive messages: reply buttons, lists and URL buttons, with WhatsApp's limits.

use serde_json::Value;

use crate::services::acs::messages::findings::Findings;

const MAX_BUTTONS: usize = 3;
const MAX_ROWS: usize = 10;

/// Checks an interactive message; returns the text of its body.
pub(crate) fn check(message: &Value, findings: &mut Findings) -> String {
    if !message.is_object() {
        findings.bad(
            "A non-empty \"InteractiveMessage\" is required when message type is Interactive.",
        );
        return String::new();
    }
    let body = text_part(&message["body"], "body", findings).to_owned();
    if !message["footer"].is_null() {
        let footer = text_part(&message["footer"], "footer", findings);
        at_most(footer, 60, "interactive['footer']['text']", findings);
    }
    if !message["header"].is_null() {
        header(&message["header"], findings);
    }
    action(&message["action"], findings);
    body
}

fn at_most(text: &str, limit: usize, parameter: &str, findings: &mut Findings) {
    if text.chars().count() > limit {
        let message = format!("Param {parameter} must be at most {limit} characters long.");
        findings.parameter(100, &message);
    }
}

fn text_part<'a>(part: &'a Value, name: &str, findings: &mut Findings) -> &'a str {
    if part["kind"] != "text" {
        findings.bad(format!(
            "The interactive {name} must be of the kind \"text\"."
        ));
        return "";
    }
    findings.text(part, "text", &format!("the interactive {name} is Text"))
}

fn header(header: &Value, findings: &mut Findings) {
    match header["kind"].as_str() {
        Some("text") => {
            let text = text_part(header, "header", findings);
            at_most(text, 60, "interactive['header']['text']", findings);
        }
        Some("image" | "video" | "document") => {
            findings.url(header, "mediaUri", "the interactive header is media");
        }
        _ => findings.bad("The interactive header must be text, image, video or document."),
    }
}

fn action(action: &Value, findings: &mut Findings) {
    let content = &action["content"];
    let wanted = match action["kind"].as_str() {
        Some("whatsAppButtonAction") => "buttonSet",
        Some("whatsAppListAction") => "group",
        Some("whatsAppUrlAction") => "url",
        _ => {
            let known = "whatsAppButtonAction, whatsAppListAction, whatsAppUrlAction";
            return findings.bad(format!("The interactive action must be one of {known}."));
        }
    };
    if content["kind"] != wanted {
        return findings.bad(format!(
            "The content of this action must be of the kind \"{wanted}\"."
        ));
    }
    match wanted {
        "buttonSet" => buttons(&content["buttons"], findings),
        "group" => groups(content, findings),
        _ => {
            findings.text(content, "title", "the action is a URL");
            findings.url(content, "url", "the action is a URL");
        }
    }
}

fn buttons(buttons: &Value, findings: &mut Findings) {
    let buttons = buttons.as_array().map(Vec::as_slice).unwrap_or_default();
    if buttons.is_empty() || buttons.len() > MAX_BUTTONS {
        findings.parameter(100, "An interactive message has 1 to 3 buttons.");
    }
    for button in buttons {
        let id = findings.text(button, "id", "a button is given");
        let title = findings.text(button, "title", "a button is given");
        at_most(id, 256, "button['id']", findings);
        at_most(title, 20, "button['title']", findings);
    }
}

fn groups(content: &Value, findings: &mut Findings) {
    let opener = findings.text(content, "title", "the action is a list");
    at_most(opener, 20, "action['button']", findings);
    let groups = content["groups"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut rows = 0;
    for group in groups {
        let title = findings.text(group, "title", "a list section is given");
        at_most(title, 24, "section['title']", findings);
        let items = group["items"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        rows += items.len();
        for item in items {
            let owner = "a list row is given";
            let id = findings.text(item, "id", owner);
            let title = findings.text(item, "title", owner);
            let description = findings.text(item, "description", owner);
            at_most(id, 200, "row['id']", findings);
            at_most(title, 24, "row['title']", findings);
            at_most(description, 72, "row['description']", findings);
        }
    }
    if rows == 0 || rows > MAX_ROWS {
        findings.parameter(100, "A list has 1 to 10 rows in all its sections.");
    }
}
