//! Validation of the send body.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::acs_chat::PREVIEW;
use crate::acs_error::AcsError;
use crate::inbound::Inbound;

/// About 28 KB, as published; whether it counts more than the content is unknown, so it is a guess.
const MAX_CONTENT: usize = 28 * 1024;
const INVALID: &str = "One or more validation errors occurred.";

/// A message that passed.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) content: String,
    pub(crate) sender_display_name: String,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) attachments: Option<Value>,
}

impl Draft {
    /// A plain text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            kind: "text",
            content: text.to_owned(),
            sender_display_name: String::new(),
            metadata: Map::new(),
            attachments: None,
        }
    }
}

/// Judges the body of a send, all problems at once in the error's details.
pub(crate) fn send(inbound: &Inbound, version: &str) -> Result<Draft, AcsError> {
    if !inbound.is_json() {
        let message = "The media type must be application/json.";
        return Err(AcsError::of_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message,
        ));
    }
    let invalid = |_| AcsError::bad_request("The request body is not valid JSON.");
    let body: Value = serde_json::from_slice(&inbound.body).map_err(invalid)?;
    let Some(body) = body.as_object() else {
        return Err(AcsError::bad_request("The request body must be an object."));
    };
    let mut details = Vec::new();
    let mut problem = |target: &str, message: &str| {
        details.push(json!({"code": "BadRequest", "message": message, "target": target}));
    };
    let content = body
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if content.trim().is_empty() {
        problem("content", "The content field is required.");
    }
    let kind = match body.get("type") {
        None | Some(Value::Null) => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("text") => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("html") => "html",
        Some(_) => {
            problem("type", "The input was not valid.");
            "text"
        }
    };
    let name = match body.get("senderDisplayName") {
        None | Some(Value::Null) => "",
        Some(Value::String(name)) => name,
        Some(_) => {
            problem("senderDisplayName", "The input was not valid.");
            ""
        }
    };
    let metadata = match body.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) if map.values().all(Value::is_string) => map.clone(),
        Some(_) => {
            problem("metadata", "The metadata field must map names to strings.");
            Map::new()
        }
    };
    let attachments = body.get("attachments").filter(|a| !a.is_null());
    if let Some(attachments) = attachments {
        if version != PREVIEW {
            problem(
                "attachments",
                "Attachments are not supported by this API version.",
            );
        } else if !are_attachments(attachments) {
            problem(
                "attachments",
                "Each attachment needs an id and an attachmentType.",
            );
        }
    }
    if content.len() > MAX_CONTENT {
        problem("content", "The message exceeds the maximum size of 28 KB.");
    }
    if !details.is_empty() {
        return Err(AcsError::bad_request(INVALID).with_details(details));
    }
    Ok(Draft {
        kind,
        content: content.to_owned(),
        sender_display_name: name.to_owned(),
        metadata,
        attachments: attachments.cloned(),
    })
}

fn are_attachments(value: &Value) -> bool {
    let is_one = |a: &Value| a["id"].is_string() && a["attachmentType"].is_string();
    value.as_array().is_some_and(|list| list.iter().all(is_one))
}
