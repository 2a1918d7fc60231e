//! What became of a message in doubt, on the wire: each verdict, and what it was asked by.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod chat;
mod deadline;
mod verdicts;
