//! Every store passes the conformance suite.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
