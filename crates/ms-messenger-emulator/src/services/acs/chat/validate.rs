//! Validation of the bodies of messages: send and update.

use serde_json::{Map, Value};

use crate::{
    services::acs::{
        chat::{
            body::{Problems, object},
            draft::{Change, Draft},
            versions::PREVIEW,
        },
        error::AcsError,
    },
    wire::request::Request,
};

/// About 28 KB, as published; whether it counts more than the content is unknown, so it is a guess.
const MAX_CONTENT: usize = 28 * 1024;

/// Judges the body of a send, all problems at once in the error's details.
pub(crate) fn send(request: &Request, version: &str) -> Result<Draft, AcsError> {
    let body = object(request)?;
    let mut problems = Problems::default();
    let content = body
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if content.trim().is_empty() {
        problems.add("content", "The content field is required.");
    }
    let kind = match body.get("type") {
        None | Some(Value::Null) => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("text") => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("html") => "html",
        Some(_) => {
            problems.add("type", "The input was not valid.");
            "text"
        }
    };
    let name = problems.text(&body, "senderDisplayName");
    let metadata = problems.metadata(&body, false);
    let attachments = attachments(&body, version, &mut problems);
    check_size(content, &mut problems);
    problems.into_result()?;
    Ok(Draft {
        kind,
        content: content.to_owned(),
        sender_display_name: name.unwrap_or_default().to_owned(),
        metadata: metadata.unwrap_or_default(),
        attachments,
    })
}

/// Judges the merge patch of a message.
pub(crate) fn update(request: &Request, version: &str) -> Result<Change, AcsError> {
    let body = object(request)?;
    let mut problems = Problems::default();
    let content = problems.some_text(&body, "content");
    check_size(content.unwrap_or_default(), &mut problems);
    let metadata = problems.metadata(&body, true);
    let attachments = attachments(&body, version, &mut problems);
    problems.into_result()?;
    Ok(Change {
        content: content.map(str::to_owned),
        metadata: metadata.unwrap_or_default(),
        attachments,
    })
}

fn check_size(content: &str, problems: &mut Problems) {
    if content.len() > MAX_CONTENT {
        problems.add("content", "The message exceeds the maximum size of 28 KB.");
    }
}

fn attachments(body: &Map<String, Value>, version: &str, problems: &mut Problems) -> Option<Value> {
    let attachments = body.get("attachments").filter(|a| !a.is_null())?;
    if version != PREVIEW {
        let message = "Attachments are not supported by this API version.";
        problems.add("attachments", message);
    } else if !are_attachments(attachments) {
        let message = "Each attachment needs an id and an attachmentType.";
        problems.add("attachments", message);
    }
    Some(attachments.clone())
}

fn are_attachments(value: &Value) -> bool {
    let is_one = |a: &Value| a["id"].is_string() && a["attachmentType"].is_string();
    value.as_array().is_some_and(|list| list.iter().all(is_one))
}
