//! The client, from its bytes to its verdicts: one program, which links it once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod check;
mod conformance;
mod dry_run;
mod files;
mod hostile;
mod messenger;
mod names;
mod operations;
mod read;
mod send;
mod settle;
mod stories;
mod subscriptions;
mod verdict;
mod watch;
