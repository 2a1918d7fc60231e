//! The receiver of Graph, driven by requests as Graph sends them.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

#[cfg(feature = "decryption")]
mod content;
mod handshake;
mod hostile;
mod notifications;

use http::Request;
use ms_messenger_events::{
    Batch, GraphNotifications, Incoming, Outcome, Rejection, Reply, graph::Notification,
};
use serde_json::{Value, json};

const STATE: &str = "s3cret";

fn receiver() -> GraphNotifications {
    let builder = GraphNotifications::builder().with_client_state(STATE);
    builder.build().unwrap()
}

fn receive(receiver: &GraphNotifications, body: impl AsRef<[u8]>) -> Outcome<Notification> {
    let request = Request::post("/graph")
        .body(body.as_ref().to_vec())
        .unwrap();
    receiver.receive(&Incoming::of(&request))
}

fn batch(outcome: Outcome<Notification>) -> Batch<Notification> {
    let Outcome::Events(batch) = outcome else {
        panic!("{outcome:?}");
    };
    batch
}

fn rejection(outcome: Outcome<Notification>) -> (Rejection, Reply) {
    let Outcome::Rejected(rejected) = outcome else {
        panic!("{outcome:?}");
    };
    (rejected.reason().clone(), rejected.into_reply())
}

fn change() -> Value {
    json!({
        "subscriptionId": "1111", "subscriptionExpirationDateTime": "2026-12-01T10:00:00+00:00",
        "clientState": STATE, "changeType": "created",
        "tenantId": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "resource": "chats('19:0123@thread.v2')/messages('1767225600000')",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.chatMessage", "id": "1767225600000",
            "@odata.id": "chats('19:0123@thread.v2')/messages('1767225600000')",
        },
    })
}

fn collection(items: &[Value]) -> String {
    json!({ "value": items }).to_string()
}
