//! The response to a batch, part by part.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The response to one part.
#[derive(Debug)]
pub(super) struct PartResponse {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct Entries {
    responses: Vec<Value>,
}

/// The responses to `count` parts, in the order of these; `None` for one that has none, or several:
/// which of them is true cannot be known.
pub(super) fn read(response: &Response, count: usize) -> Vec<Option<PartResponse>> {
    let entries = response.json::<Entries>().map(|it| it.responses);
    let mut found: Vec<Vec<Entry>> = (0..count).map(|_| Vec::new()).collect();
    for entry in entries.unwrap_or_default() {
        // An entry that cannot be read is that of a part without a response.
        let Ok(entry) = serde_json::from_value::<Entry>(entry) else {
            continue;
        };
        let index = entry.id.parse::<usize>().ok();
        let index = index.and_then(|id| id.checked_sub(1));
        if let Some(slot) = index.and_then(|index| found.get_mut(index)) {
            slot.push(entry);
        }
    }
    let one = |entries: Vec<Entry>| {
        let mut entries = entries.into_iter();
        entries.next().filter(|_| entries.next().is_none())
    };
    found.into_iter().map(|it| one(it).map(of)).collect()
}

fn of(entry: Entry) -> PartResponse {
    let headers = headers(entry.headers.unwrap_or_default());
    let body = match entry.body {
        Value::Null => Vec::new(),
        Value::String(text) if !is_json(&headers) => {
            let decoded = STANDARD.decode(&text);
            decoded.unwrap_or_else(|_| text.into_bytes())
        }
        body => body.to_string().into_bytes(),
    };
    PartResponse {
        status: entry.status,
        headers,
        body,
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    kind.is_none_or(|kind| kind.to_ascii_lowercase().contains("json"))
}

/// The headers that can be read.
fn headers(members: Map<String, Value>) -> HeaderMap {
    let one = |(name, value): (String, Value)| {
        let name = HeaderName::try_from(name).ok()?;
        let value = match value {
            Value::String(text) => HeaderValue::try_from(text).ok()?,
            Value::Number(number) => HeaderValue::try_from(number.to_string()).ok()?,
            _ => return None,
        };
        Some((name, value))
    };
    members.into_iter().filter_map(one).collect()
}
