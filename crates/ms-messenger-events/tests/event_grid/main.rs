//! The receiver of Event Grid, driven by requests as Event Grid sends them.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod authentication;
mod chat_events;
mod handshake;
mod hostile;
mod message_events;
#[cfg(feature = "jwt")]
mod tokens;

use http::{Method, Request, request::Builder};
use ms_messenger_events::{
    EventGrid, Incoming, Outcome, Rejection, Reply,
    event_grid::{Event, EventData},
};
use serde_json::{Value, json};

/// The resource in the case in which Event Grid writes it in its own schema.
const TOPIC: &str = "/subscriptions/0000/resourcegroups/rg/providers/microsoft.communication/communicationservices/contoso";
const SECRET: &str = "hunter2";

fn receiver() -> EventGrid {
    let builder = EventGrid::builder().with_secret("key", SECRET);
    builder.build().unwrap()
}

fn post() -> Builder {
    Request::post("/events?key=hunter2").header("aeg-event-type", "Notification")
}

/// Receives a body that is sent with the right secret.
fn receive(receiver: &EventGrid, body: impl AsRef<[u8]>) -> Outcome<Event> {
    let request = post().body(body.as_ref().to_vec()).unwrap();
    receiver.receive(&Incoming::of(&request))
}

fn request_without_body(method: Method, target: &str) -> Builder {
    Request::builder().method(method).uri(target)
}

fn events(outcome: Outcome<Event>) -> Vec<Event> {
    let Outcome::Events(mut batch) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(batch.rejected().is_empty());
    let events = batch.take_events();
    assert_eq!(batch.kept().status, 200);
    events
}

fn rejection(outcome: Outcome<Event>) -> (Rejection, Reply) {
    let Outcome::Rejected(rejected) = outcome else {
        panic!("{outcome:?}");
    };
    (rejected.reason().clone(), rejected.into_reply())
}

fn reply(outcome: Outcome<Event>) -> Reply {
    let Outcome::Reply(reply) = outcome else {
        panic!("{outcome:?}");
    };
    reply
}

/// An event in the schema of Event Grid.
fn event(name: &str, subject: &str, data: &Value) -> Value {
    json!({
        "id": "831e1650-001e-001b-66ab-eeb76e069631", "topic": TOPIC, "subject": subject,
        "data": data, "eventType": format!("Microsoft.Communication.{name}"),
        "dataVersion": "1.0", "metadataVersion": "1", "eventTime": "2026-01-02T03:04:05.6789012Z",
    })
}

/// The data of one event of type `name`.
fn data(name: &str, subject: &str, data: &Value) -> EventData {
    let body = json!([event(name, subject, data)]).to_string();
    let mut events = events(receive(&receiver(), body));
    assert_eq!(events.len(), 1);
    events.remove(0).data
}
