//! Reads the envelopes of both schemas.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    data::EventData,
    event::{Event, Schema},
};
use crate::{limits::Limits, rejection::Rejection, timestamp::Timestamp};

const EXPECTED: Rejection = Rejection::Malformed("an event, or an array of events");

/// The members of both schemas; those that are present determine the schema.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    topic: Option<String>,
    source: Option<String>,
    subject: Option<String>,
    #[serde(rename = "eventType")]
    event_type: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "eventTime")]
    event_time: Option<Timestamp>,
    time: Option<Timestamp>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<String>,
}

/// Reads a body: an array of events, or one.
pub(super) fn read(body: &[u8], limits: &Limits) -> Result<Vec<Event>, Rejection> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    if first != Some(&b'[') {
        let text = std::str::from_utf8(body).map_err(|_| EXPECTED)?;
        return Ok(vec![read_one(text)?]);
    }
    let items: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| EXPECTED)?;
    limits.check_items(items.len())?;
    items.into_iter().map(|item| read_one(item.get())).collect()
}

/// Reads one event.
pub(super) fn read_one(json: &str) -> Result<Event, Rejection> {
    let envelope: Envelope<'_> = serde_json::from_str(json).map_err(|_| EXPECTED)?;
    let is_cloud_event = envelope.event_type.is_none();
    let event_type = envelope.event_type.or(envelope.kind).ok_or(EXPECTED)?;
    let source = if is_cloud_event {
        envelope.source.ok_or(EXPECTED)?
    } else {
        // The topic is left out where Event Grid publishes to a topic of one's own.
        envelope.topic.unwrap_or_default()
    };
    let subject = envelope.subject.unwrap_or_default();
    let decoded = envelope.data_base64.as_deref().and_then(decode);
    let data = envelope.data.map(RawValue::get).or(decoded.as_deref());
    let data = EventData::read(&event_type, &subject, data.unwrap_or("null"));
    Ok(Event {
        schema: if is_cloud_event {
            Schema::CloudEvents
        } else {
            Schema::EventGrid
        },
        id: envelope.id,
        source,
        subject,
        event_type,
        time: envelope.event_time.or(envelope.time),
        data,
        raw: in_one_line(json),
    })
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

/// Within strings of JSON a line break is escaped, so that all others are white space.
fn in_one_line(json: &str) -> Box<str> {
    let json = json.trim();
    if json.contains(['\n', '\r']) {
        return json.replace(['\n', '\r'], " ").into();
    }
    json.into()
}
