//! The layers over messengers in memory.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod conformance;
#[cfg(feature = "connect")]
mod connect;
#[cfg(feature = "connect")]
mod connect_any;
mod double;
mod fallback;
mod fan_out;
mod journal;
mod laws;
mod leaf;
mod limits;
mod recording;
mod router;
mod tree;
