//! The pipeline against servers of sockets: one program, which links it once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod authorize;
mod copies;
mod deadline;
mod delivery;
mod download;
mod limits;
mod open_request;
mod operation;
mod pages;
mod part;
mod probe;
mod response_match;
mod retry;
mod secrets;
#[path = "../server/mod.rs"]
mod server;
mod throttle;
