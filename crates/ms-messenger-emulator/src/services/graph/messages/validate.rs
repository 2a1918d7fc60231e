//! Validation of a chatMessage that is to be sent.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    services::graph::{
        error::GraphError,
        messages::{
            attachments::attachments,
            markup::{Marker, markers, unescape},
            template::without_gaps,
            uploads::{Upload, hosted_contents},
        },
        place::Place,
    },
    wire::request::Request,
};

const NOT_JSON: &str = "Unable to read JSON request payload. Please ensure Content-Type header \
    is set and payload is of valid JSON format.";
const MENTIONED_MEMBERS: [&str; 5] = ["application", "device", "conversation", "user", "tag"];

/// A chatMessage that passed, in the service's normal form.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// `text` or `html`.
    pub(crate) content_type: &'static str,
    /// As sent.
    pub(crate) content: String,
    pub(crate) subject: Value,
    pub(crate) summary: Value,
    pub(crate) importance: String,
    pub(crate) attachments: Vec<Value>,
    pub(crate) mentions: Vec<Value>,
    pub(crate) hosted: Vec<Upload>,
    /// Made by `replyWithQuote`, whose own line breaks stay.
    pub(crate) is_quote: bool,
}

/// The JSON object of a request body.
pub(crate) fn body(request: &Request) -> Result<Value, GraphError> {
    let parsed = request
        .is_json()
        .then(|| serde_json::from_slice::<Value>(&request.body).ok())
        .flatten()
        .ok_or_else(|| GraphError::bad_request(NOT_JSON))?;
    if !parsed.is_object() {
        return Err(GraphError::invalid_body());
    }
    // The character of gaps in stored messages, which JSON can only hold as this escape.
    if request.body.windows(6).any(|six| six == br"\u0001") {
        return Ok(cleaned(parsed));
    }
    Ok(parsed)
}

/// `value` without the character that stands for gaps in stored messages.
pub(super) fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => without_gaps(&text).into(),
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| (without_gaps(&name), cleaned(value));
            members.into_iter().map(member).collect()
        }
        other => other,
    }
}

/// Refuses a message above `limit` bytes of JSON; the Base64 of hosted contents does not count.
pub(crate) fn size(request: &Request, message: &Value, limit: usize) -> Result<(), GraphError> {
    let hosted = items(&message["hostedContents"]).unwrap_or_default().iter();
    let bytes = |item: &Value| item["contentBytes"].as_str().map_or(0, str::len);
    let uncounted: usize = hosted.map(bytes).sum();
    if request.body.len().saturating_sub(uncounted) <= limit {
        return Ok(());
    }
    let message = "The request body is too large for a message.";
    Err(GraphError::of_status(
        StatusCode::PAYLOAD_TOO_LARGE,
        message,
    ))
}

/// Judges a chatMessage.
pub(crate) fn message(message: &Value, place: &Place) -> Result<Draft, GraphError> {
    let body = message.get("body").filter(|body| body.is_object());
    let body = body.ok_or_else(GraphError::invalid_body)?;
    let content_type = match body.get("contentType") {
        None | Some(Value::Null) => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("text") => "text",
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("html") => "html",
        Some(_) => return Err(GraphError::invalid_body()),
    };
    let content = match body.get("content") {
        None | Some(Value::Null) => "",
        Some(Value::String(content)) => content,
        Some(_) => return Err(GraphError::invalid_body()),
    };
    if content.trim().is_empty() {
        return Err(GraphError::bad_request("Missing body content"));
    }
    let attachments = attachments(message, content)?;
    let mentions = mentions(message, content_type, content, place)?;
    let hosted = hosted_contents(message, content)?;
    Ok(Draft {
        content_type,
        content: content.to_owned(),
        subject: text_or_null(message, "subject")?,
        summary: text_or_null(message, "summary")?,
        importance: importance(message)?,
        attachments,
        mentions,
        hosted,
        is_quote: false,
    })
}

pub(super) fn items(value: &Value) -> Result<&[Value], GraphError> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(GraphError::invalid_body()),
    }
}

fn text_or_null(message: &Value, name: &str) -> Result<Value, GraphError> {
    match &message[name] {
        value @ (Value::Null | Value::String(_)) => Ok(value.clone()),
        _ => Err(GraphError::invalid_body()),
    }
}

fn importance(message: &Value) -> Result<String, GraphError> {
    match &message["importance"] {
        Value::Null => Ok("normal".to_owned()),
        Value::String(value) if ["normal", "high", "urgent"].contains(&value.as_str()) => {
            Ok(value.clone())
        }
        _ => Err(GraphError::invalid_body()),
    }
}

/// The mentions, each marked in the body or in a card; a marker without its mention is no error.
fn mentions(
    message: &Value,
    content_type: &str,
    content: &str,
    place: &Place,
) -> Result<Vec<Value>, GraphError> {
    // In a plain text body `<at>` is text, not a marker.
    let found = if content_type == "html" {
        markers(content, "at")
    } else {
        Vec::new()
    };
    let cards = card_texts(message);
    let in_cards: Vec<Marker<'_>> = cards.iter().flat_map(|text| markers(text, "at")).collect();
    let mut seen: Vec<String> = Vec::new();
    let mut normal = Vec::new();
    for mention in items(&message["mentions"])? {
        let id = mention["id"]
            .as_i64()
            .ok_or_else(GraphError::invalid_body)?
            .to_string();
        let text = mention["mentionText"]
            .as_str()
            .ok_or_else(GraphError::invalid_body)?;
        let mut all = found.iter().chain(&in_cards);
        if !all.any(|marker| is_marker_of(marker, &id, text)) || seen.contains(&id) {
            let message = format!(
                "Body does not contain marker for mention with Id '{id}'. Add '{text}' to the body."
            );
            return Err(GraphError::bad_request(message));
        }
        normal.push(json!({
            "id": mention["id"],
            "mentionText": text,
            "mentioned": mentioned(&mention["mentioned"], place)?,
        }));
        seen.push(id);
    }
    Ok(normal)
}

/// All texts of the cards that are attached.
fn card_texts(message: &Value) -> Vec<String> {
    let attachments = message["attachments"].as_array().into_iter().flatten();
    let cards = attachments.filter_map(|attachment| {
        let kind = attachment["contentType"].as_str()?;
        let is_card = kind.starts_with("application/vnd.microsoft.card.");
        serde_json::from_str(attachment["content"].as_str().filter(|_| is_card)?).ok()
    });
    let mut waiting: Vec<Value> = cards.collect();
    let mut texts = Vec::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => texts.push(text),
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => waiting.extend(members.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    texts
}

/// Whether the marker shows the mention's text, which some clients escape.
fn is_marker_of(marker: &Marker<'_>, id: &str, text: &str) -> bool {
    let shown = marker.mention_text();
    marker.id == id && (shown == text || shown == unescape(text))
}

/// The identity set with all its members, exactly one of which is given. The id is not looked up: a
/// principal name, or an unknown id, is stored and notifies no user.
fn mentioned(mentioned: &Value, place: &Place) -> Result<Value, GraphError> {
    let given = MENTIONED_MEMBERS
        .into_iter()
        .filter(|name| mentioned[*name].is_object());
    let given: Vec<&str> = given.collect();
    let [kind] = given.as_slice() else {
        return Err(GraphError::invalid_body());
    };
    let identity = &mentioned[*kind];
    let id = identity["id"].as_str().unwrap_or_default();
    let is_known_kind = match *kind {
        "conversation" => match identity["conversationIdentityType"].as_str() {
            Some("team" | "channel") => matches!(place, Place::Channel { .. }),
            Some("chat") => matches!(place, Place::Chat { .. }),
            _ => false,
        },
        _ => true,
    };
    if id.is_empty() || !is_known_kind {
        return Err(GraphError::invalid_body());
    }
    let member = |name: &str| (name.to_owned(), mentioned[name].clone());
    Ok(MENTIONED_MEMBERS
        .map(member)
        .into_iter()
        .collect::<serde_json::Map<_, _>>()
        .into())
}

/// `replyWithQuote`: the quoted ids and the judged message.
pub(crate) fn quote(body: &Value, place: &Place) -> Result<(Vec<u64>, Draft), GraphError> {
    let ids = items(&body["messageIds"])?;
    if ids.is_empty() || ids.len() > 10 {
        return Err(GraphError::invalid_body());
    }
    let parse = |id: &Value| id.as_str().and_then(|id| id.parse().ok());
    let parsed: Option<Vec<u64>> = ids.iter().map(parse).collect();
    let parsed =
        parsed.ok_or_else(|| GraphError::not_found("The quoted message does not exist."))?;
    Ok((parsed, message(&body["replyMessage"], place)?))
}
