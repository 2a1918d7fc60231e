//! Every operation: its bytes, its errors, its lists, and what a lost response leaves behind.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod certainty;
mod journal;
mod lists;
mod recorder;
mod refused;
mod story;
mod templates;
mod wire;
