//! The store in NATS JetStream.
//!
//! The tests start servers of their own, from the package `nats-server`, and are ignored by default:
//! `cargo test -p ms-messenger-outbox --features nats --test stores nats -- --ignored`.

mod conformance;
mod faults;
mod groups;
mod lost;
mod open;
mod raw;
mod server;
#[cfg(feature = "rustls-ring")]
mod tls;
mod workers;

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::Envelope;

/// A message of the route `memory`.
fn envelope(id: impl Into<String>) -> Envelope {
    let id = id.into();
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), id.as_str());
    Envelope::new(id, "memory", request)
}
