//! The store in a PostgreSQL database.
//!
//! The tests start servers of their own, from the packages `postgresql` and `pgbouncer`, and are
//! ignored by default:
//! `cargo test -p ms-messenger-outbox --features postgres --test stores postgres -- --ignored`.
//! `OUTBOX_TEST_POSTGRES=postgres://USER:PASSWORD@HOST/DATABASE` names a server to use in place of
//! the shared one.

mod conformance;
mod faults;
mod lost;
mod open;
mod order;
mod outage;
mod pooler;
mod server;
#[cfg(feature = "rustls-ring")]
mod tls;
mod transaction;
mod workers;

use ms_messenger_core::{Body, MemoryMessenger, SendRequest, Target};
use ms_messenger_outbox::Envelope;

/// A message of the route `memory`.
fn envelope(id: impl Into<String>) -> Envelope {
    let id = id.into();
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), id.as_str());
    Envelope::new(id, "memory", request)
}

/// The texts of what was sent, in order.
fn texts(messenger: &MemoryMessenger) -> Vec<String> {
    let sent = messenger.sent();
    let text = |request: &SendRequest| match &request.message.body {
        Body::Text(text) => text.clone(),
        other => panic!("not a text: {other:?}"),
    };
    sent.iter().map(text).collect()
}
