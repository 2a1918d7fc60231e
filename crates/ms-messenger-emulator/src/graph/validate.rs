//! What Graph refuses, with its own words where they are known.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value};

use super::error::GraphError;
use super::markers;
use crate::inbound::Inbound;
use crate::router::Place;

/// A message that was found sound.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: &'static str,
    pub(super) content_type: &'static str,
    /// The content as it was sent.
    pub(super) content: String,
    /// The content as it is stored.
    pub(super) rendered: String,
    pub(super) subject: Value,
    pub(super) summary: Value,
    pub(super) importance: String,
    pub(super) attachments: Vec<Value>,
    pub(super) mentions: Vec<Value>,
}

impl Draft {
    pub(super) fn text(text: &str) -> Self {
        Self {
            kind: "text",
            content_type: "text",
            content: text.to_owned(),
            rendered: text.to_owned(),
            subject: Value::Null,
            summary: Value::Null,
            importance: "normal".to_owned(),
            attachments: Vec::new(),
            mentions: Vec::new(),
        }
    }
}

/// A chat to be made.
pub(super) struct NewChat {
    pub(super) is_one_on_one: bool,
    pub(super) topic: Value,
    pub(super) members: Vec<String>,
}

fn invalid() -> GraphError {
    GraphError::bad_request("Invalid request body was sent.")
}

/// The body as JSON.
pub(super) fn json(inbound: &Inbound) -> Result<Value, GraphError> {
    if !inbound.is_json() {
        let message = "A valid Content-Type header is required: application/json.";
        return Err(GraphError::bad_request(message));
    }
    serde_json::from_slice(&inbound.body).map_err(|_| {
        GraphError::bad_request(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    })
}

/// Checks a chatMessage as it is sent.
pub(super) fn message(value: &Value, place: &Place, limit: usize) -> Result<Draft, GraphError> {
    let object = value.as_object().ok_or_else(invalid)?;
    let body = object
        .get("body")
        .and_then(Value::as_object)
        .ok_or_else(invalid)?;
    let content = body
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let content_type = match body.get("contentType").and_then(Value::as_str) {
        None | Some("text") => "text",
        Some("html") => "html",
        Some(_) => return Err(invalid()),
    };
    let attachments = list(object, "attachments")?;
    let mentions = list(object, "mentions")?;
    let hosted = list(object, "hostedContents")?;
    if content.is_empty() && attachments.is_empty() {
        return Err(GraphError::bad_request("Missing body content"));
    }
    check_size(object, limit)?;
    for attachment in &attachments {
        check_attachment(attachment, content)?;
    }
    for mention in &mentions {
        check_mention(mention, content, place)?;
    }
    check_hosted(&hosted, content, &attachments)?;
    let importance = match object.get("importance").and_then(Value::as_str) {
        None => "normal",
        Some(importance @ ("normal" | "high" | "urgent")) => importance,
        Some(_) => return Err(invalid()),
    };
    if matches!(place, Place::Chat { .. }) && object.get("subject").is_some_and(Value::is_string) {
        return Err(invalid());
    }
    let rendered = match content_type {
        "html" => content.replace(['\r', '\n'], ""),
        _ => content.to_owned(),
    };
    Ok(Draft {
        kind: content_type,
        content_type,
        content: content.to_owned(),
        rendered,
        subject: object.get("subject").cloned().unwrap_or_default(),
        summary: object.get("summary").cloned().unwrap_or_default(),
        importance: importance.to_owned(),
        attachments: attachments.into_iter().cloned().collect(),
        mentions: mentions.into_iter().cloned().collect(),
    })
}

fn list<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Vec<&'a Value>, GraphError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.iter().collect()),
        Some(_) => Err(invalid()),
    }
}

/// The Base64 of pictures does not count.
fn check_size(object: &Map<String, Value>, limit: usize) -> Result<(), GraphError> {
    let pictures: usize = object
        .get("hostedContents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|hosted| hosted.get("contentBytes")?.as_str().map(str::len))
        .sum();
    let all = serde_json::to_vec(object).map_or(0, |bytes| bytes.len());
    if all.saturating_sub(pictures) > limit {
        let message = "The message is too large.";
        return Err(GraphError::of_status(
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        ));
    }
    Ok(())
}

fn check_attachment(attachment: &Value, content: &str) -> Result<(), GraphError> {
    let id = attachment
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if markers::attachments_of(content, id) != 1 {
        let message = format!("Body does not contain marker for attachment with Id '{id}'.");
        return Err(GraphError::bad_request(&message));
    }
    let kind = attachment
        .get("contentType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let card = attachment.get("content").and_then(Value::as_str);
    let is_card = kind.starts_with("application/vnd.microsoft.card.")
        || kind == "application/vnd.microsoft.teams.messaging-announcementBanner";
    let sound = match kind {
        "" => false,
        "reference" => card.is_none() && attachment.get("contentUrl").is_some_and(Value::is_string),
        _ if is_card => card.is_some_and(|card| {
            serde_json::from_str::<Value>(card).is_ok_and(|card| card.is_object())
        }),
        _ => true,
    };
    if !sound {
        let message = format!("Failed to process content in attachment with Id '{id}'.");
        return Err(GraphError::bad_request(&message));
    }
    Ok(())
}

fn check_mention(mention: &Value, content: &str, place: &Place) -> Result<(), GraphError> {
    let id = mention
        .get("id")
        .and_then(Value::as_i64)
        .ok_or_else(invalid)?;
    let text = mention
        .get("mentionText")
        .and_then(Value::as_str)
        .ok_or_else(invalid)?;
    if markers::mentions_of(content, id) != [text] {
        let message = format!(
            "Body does not contain marker for mention with Id '{id}'. Add '{text}' to the body."
        );
        return Err(GraphError::bad_request(&message));
    }
    let mentioned = mention
        .get("mentioned")
        .and_then(Value::as_object)
        .ok_or_else(invalid)?;
    let named: Vec<&String> = mentioned
        .iter()
        .filter(|(_, who)| who.is_object())
        .map(|(kind, _)| kind)
        .collect();
    if named.len() != 1 {
        return Err(invalid());
    }
    let kind = mentioned
        .get("conversation")
        .and_then(|c| c.get("conversationIdentityType"));
    let sound = match (
        mentioned.get("conversation"),
        kind.and_then(Value::as_str),
        place,
    ) {
        (Some(Value::Object(_)), Some("team" | "channel"), Place::Channel { .. })
        | (Some(Value::Object(_)), Some("chat"), Place::Chat { .. }) => true,
        (Some(Value::Object(_)), _, _) => false,
        _ => true,
    };
    if sound { Ok(()) } else { Err(invalid()) }
}

fn check_hosted(
    hosted: &[&Value],
    content: &str,
    attachments: &[&Value],
) -> Result<(), GraphError> {
    let mut used = markers::hosted_references(content);
    for attachment in attachments {
        let card = attachment.get("content").and_then(Value::as_str);
        used.extend(card.map(markers::hosted_references).unwrap_or_default());
    }
    for picture in hosted {
        let id = picture
            .get("@microsoft.graph.temporaryId")
            .and_then(Value::as_str);
        let bytes = picture
            .get("contentBytes")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let is_sound = id.is_some_and(|id| used.contains(&id))
            && !bytes.is_empty()
            && STANDARD.decode(bytes).is_ok()
            && picture.get("contentType").is_some_and(Value::is_string);
        if !is_sound {
            return Err(invalid());
        }
    }
    let known: Vec<&str> = hosted
        .iter()
        .filter_map(|picture| picture.get("@microsoft.graph.temporaryId")?.as_str())
        .collect();
    if used.iter().all(|id| known.contains(id)) {
        Ok(())
    } else {
        Err(invalid())
    }
}

/// Checks a chat as it is created.
pub(super) fn chat(body: &Value) -> Result<NewChat, GraphError> {
    let is_one_on_one = match body.get("chatType").and_then(Value::as_str) {
        Some("oneOnOne") => true,
        Some("group") => false,
        _ => return Err(invalid()),
    };
    let members = body
        .get("members")
        .and_then(Value::as_array)
        .ok_or_else(invalid)?;
    let mut ids = Vec::with_capacity(members.len());
    for member in members {
        let has_role = member
            .get("roles")
            .and_then(Value::as_array)
            .is_some_and(|r| !r.is_empty());
        let bind = member
            .get("user@odata.bind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = bind
            .rsplit_once("/users('")
            .and_then(|(_, id)| id.strip_suffix("')"));
        match id {
            Some(id) if has_role && !id.is_empty() => {
                let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
                ids.push(id.replace("''", "'"));
            }
            _ => return Err(invalid()),
        }
    }
    if is_one_on_one && ids.len() != 2 {
        return Err(invalid());
    }
    Ok(NewChat {
        is_one_on_one,
        topic: body.get("topic").cloned().unwrap_or_default(),
        members: ids,
    })
}
