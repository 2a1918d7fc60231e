//! The client, from its bytes to its verdicts: one program, which links it once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod conformance;
mod dry_run;
mod errors;
mod hostile;
mod messenger;
mod operations;
mod send;
mod settle;
mod template;
