//! The attachments of a message: markers, cards, files.

use serde_json::Value;

use crate::services::graph::{
    error::GraphError,
    messages::{card, markup::markers, validate::items},
};

const MAX_FILES: usize = 10;
const ATTACHMENT_MEMBERS: [&str; 7] = [
    "id",
    "contentType",
    "contentUrl",
    "content",
    "name",
    "thumbnailUrl",
    "teamsAppId",
];

/// Checks that markers and attachments match one to one; returns the latter in full.
pub(crate) fn attachments(message: &Value, content: &str) -> Result<Vec<Value>, GraphError> {
    let found = markers(content, "attachment");
    let mut seen: Vec<&str> = Vec::new();
    let mut normal = Vec::new();
    for attachment in items(&message["attachments"])? {
        let is_text = |name| matches!(attachment[name], Value::Null | Value::String(_));
        if !attachment.is_object() || !ATTACHMENT_MEMBERS.into_iter().all(is_text) {
            return Err(GraphError::invalid_body());
        }
        let id = attachment["id"]
            .as_str()
            .ok_or_else(GraphError::invalid_body)?;
        if found.iter().filter(|marker| marker.id == id).count() != 1 || seen.contains(&id) {
            let message = format!("Body does not contain marker for attachment with Id '{id}'.");
            return Err(GraphError::bad_request(message));
        }
        seen.push(id);
        normal.push(attachment_content(attachment, id)?);
    }
    let is_file = |attachment: &&Value| attachment["contentType"] == "reference";
    if normal.iter().filter(is_file).count() > MAX_FILES {
        let message = format!("A message has at most {MAX_FILES} file attachments.");
        return Err(GraphError::bad_request(message));
    }
    match found.iter().find(|marker| !seen.contains(&marker.id)) {
        None => Ok(normal),
        Some(marker) => {
            let message = format!(
                "Body contains marker for unknown attachment with Id '{}'.",
                marker.id
            );
            Err(GraphError::bad_request(message))
        }
    }
}

/// The attachment with all its members and, for a card, its content written compactly.
fn attachment_content(attachment: &Value, id: &str) -> Result<Value, GraphError> {
    let failed = || {
        GraphError::bad_request(format!(
            "Failed to process content in attachment with Id '{id}'."
        ))
    };
    let content_type = attachment["contentType"].as_str().ok_or_else(failed)?;
    let mut normal: Value = ATTACHMENT_MEMBERS
        .into_iter()
        .map(|name| (name.to_owned(), attachment[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let (content, url) = (
        attachment["content"].as_str(),
        attachment["contentUrl"].as_str(),
    );
    let is_image = content_type
        .trim()
        .to_ascii_lowercase()
        .starts_with("image/");
    if is_image {
        return Err(failed());
    }
    if content_type == "reference" {
        if content.is_some() || !url.is_some_and(|url| url.starts_with("https://")) {
            return Err(failed());
        }
    } else if content_type.starts_with("application/vnd.microsoft")
        || content_type == "messageReference"
    {
        let card = content.filter(|_| url.is_none());
        let card = card.and_then(|card| card::rendered(content_type, card));
        normal["content"] = card.ok_or_else(failed)?.into();
    } else if content.is_some() && url.is_some() {
        return Err(failed());
    }
    Ok(normal)
}
