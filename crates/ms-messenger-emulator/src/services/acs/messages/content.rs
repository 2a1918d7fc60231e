//! The kinds of messages and their fields, by api-version.

use serde_json::Value;

use crate::services::acs::messages::{
    findings::{Accepted, Findings, capital},
    interactive, template,
};

const MAX_TEXT: usize = 4096;

/// Kinds of 2024-02-01: `image` is what later versions call `image_v0`.
const FIRST_KINDS: &[&str] = &["text", "image", "template"];
const MEDIA_KINDS: &[&str] = &[
    "text", "image", "image_v0", "document", "video", "audio", "template",
];
const ALL_KINDS: &[&str] = &[
    "text",
    "image",
    "image_v0",
    "document",
    "video",
    "audio",
    "template",
    "sticker",
    "reaction",
    "interactive",
];
const CONVERSATION_KINDS: &[&str] = &["text", "image", "document", "video", "audio", "template"];

/// The kinds that notifications of `version` may have.
pub(crate) fn notification_kinds(version: &str) -> &'static [&'static str] {
    match version {
        "2024-02-01" => FIRST_KINDS,
        "2024-08-30" => MEDIA_KINDS,
        _ => ALL_KINDS,
    }
}

/// The kinds that conversation messages may have: the same in all versions that have conversations.
pub(crate) fn conversation_kinds(_version: &str) -> &'static [&'static str] {
    CONVERSATION_KINDS
}

/// A message of no kind, for bodies that have none.
pub(crate) fn nothing() -> Accepted {
    Accepted {
        to: String::new(),
        channel: String::new(),
        kind: String::new(),
        text: String::new(),
        message: Value::Null,
    }
}

/// Judges a message object: its kind, and the fields that the kind requires.
pub(crate) fn message(body: &Value, kinds: &[&str], findings: &mut Findings) -> Accepted {
    let kind = body["kind"].as_str().unwrap_or_default();
    if !kinds.contains(&kind) {
        let known = kinds.join(", ");
        findings.bad(format!(
            "The kind \"{kind}\" is not supported by this operation in this API version. Supported: {known}."
        ));
        return nothing();
    }
    let is_first_version = kinds == FIRST_KINDS;
    let text = fields(body, kind, is_first_version, findings);
    let mut message = body.clone();
    if let Some(members) = message.as_object_mut() {
        members.remove("to");
        members.remove("channelRegistrationId");
    }
    Accepted {
        kind: kind.to_owned(),
        text,
        message,
        ..nothing()
    }
}

/// Checks the fields of `kind`; returns what the ledger shows as text.
fn fields(body: &Value, kind: &str, is_first_version: bool, findings: &mut Findings) -> String {
    let owner = format!("message type is {}", capital(kind));
    match kind {
        "text" => {
            let text = findings.text(body, "content", &owner);
            if text.chars().count() > MAX_TEXT {
                let limit = "Param text['body'] must be at most 4096 characters long.";
                findings.parameter(100, limit);
            }
            text.to_owned()
        }
        "template" => template::check(&body["template"], findings),
        "interactive" => interactive::check(&body["interactiveMessage"], findings),
        "reaction" => {
            findings.text(body, "messageId", &owner);
            // An empty emoji takes a reaction back.
            match body["emoji"].as_str() {
                Some(emoji) => emoji.to_owned(),
                None => findings.text(body, "emoji", &owner).to_owned(),
            }
        }
        _ => {
            let caption = match kind {
                "image_v0" => "content",
                "image" if is_first_version => "content",
                _ => "caption",
            };
            let url = findings.url(body, "mediaUri", &owner);
            if kind == "document" {
                findings.optional(body, "fileName");
            }
            let caption = match kind {
                "audio" | "sticker" => None,
                _ => findings.optional(body, caption),
            };
            caption.unwrap_or(url).to_owned()
        }
    }
}
