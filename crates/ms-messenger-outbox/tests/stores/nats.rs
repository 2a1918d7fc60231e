//! The store in NATS JetStream.
//!
//! The tests start servers of their own, from the package `nats-server`, and are ignored by default:
//! `cargo test -p ms-messenger-outbox --features nats --test stores nats -- --ignored`.

mod conformance;
mod server;
