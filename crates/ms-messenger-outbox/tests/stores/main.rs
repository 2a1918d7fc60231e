//! Every store passes the conformance suite.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod memory;
#[cfg(all(feature = "nats", unix))]
mod nats;
#[cfg(all(feature = "postgres", unix))]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
