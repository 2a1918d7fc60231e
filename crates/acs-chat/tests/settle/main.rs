//! Settling on the wire: each verdict, and the requests that lead to it.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod chat;
mod deadline;
mod journal;
mod verdicts;
