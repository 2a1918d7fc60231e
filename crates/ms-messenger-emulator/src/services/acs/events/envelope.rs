//! The two schemas in which events are delivered.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{
    services::acs::events::{
        event::{Event, PREFIX},
        subscription::{EventSchema, EventSubscription},
    },
    wire::clock,
};

/// The sender that CloudEvents name.
pub(crate) const ORIGIN: &str = "eventgrid.azure.net";

/// The envelope of one event; `topic` is the path of the ACS resource.
pub(crate) fn envelope(schema: EventSchema, topic: &str, event: &Event) -> Value {
    let kind = format!("{PREFIX}{}", event.kind);
    let time = clock::rfc3339_ticks(event.at);
    match schema {
        EventSchema::EventGrid => json!({
            "id": event.id,
            "topic": topic,
            "subject": event.subject,
            "data": event.data,
            "eventType": kind,
            "dataVersion": "1.0",
            "metadataVersion": "1",
            "eventTime": time,
        }),
        EventSchema::CloudEvents => {
            let mut envelope = json!({
                "id": event.id,
                "source": topic,
                "subject": event.subject,
                "data": event.data,
                "type": kind,
                "time": time,
            });
            let version = if event.has_wrong_version_name {
                "specVersion"
            } else {
                "specversion"
            };
            envelope[version] = json!("1.0");
            envelope
        }
    }
}

/// The body that carries these envelopes, and its media type.
pub(crate) fn body(
    schema: EventSchema,
    is_batch: bool,
    envelopes: Vec<Value>,
) -> (Bytes, &'static str) {
    match (schema, is_batch) {
        (EventSchema::EventGrid, _) => {
            let body = Value::Array(envelopes).to_string();
            (body.into(), "application/json; charset=utf-8")
        }
        (EventSchema::CloudEvents, true) => {
            let body = Value::Array(envelopes).to_string();
            (
                body.into(),
                "application/cloudevents-batch+json; charset=utf-8",
            )
        }
        (EventSchema::CloudEvents, false) => {
            let one = envelopes.into_iter().next().unwrap_or_default();
            (
                one.to_string().into(),
                "application/cloudevents+json; charset=utf-8",
            )
        }
    }
}

/// The headers of a request of that kind (`Notification` …), without those of the caller's identity.
pub(crate) fn headers(
    subscription: &EventSubscription,
    kind: &'static str,
    content_type: &'static str,
    attempt: u32,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // As it was seen: the service writes the name in capitals.
    let name = subscription.name.to_ascii_uppercase();
    let name = HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static(""));
    let aeg = [
        ("aeg-event-type", HeaderValue::from_static(kind)),
        ("aeg-subscription-name", name),
        ("aeg-delivery-count", HeaderValue::from(attempt)),
        ("aeg-data-version", HeaderValue::from_static("1.0")),
        ("aeg-metadata-version", HeaderValue::from_static("1")),
    ];
    for (name, value) in aeg {
        headers.insert(HeaderName::from_static(name), value);
    }
    if subscription.schema == EventSchema::CloudEvents {
        let origin = HeaderValue::from_static(ORIGIN);
        headers.insert(HeaderName::from_static("webhook-request-origin"), origin);
    }
    for (name, value) in &subscription.headers {
        headers.insert(name.clone(), value.clone());
    }
    headers
}
