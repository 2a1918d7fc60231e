//! A webhook built with the events crate alone, against the emulator as Event Grid and as Graph: what the
//! two readings of the contracts have to agree on.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod admin;
mod authentication;
mod deliveries;
mod hook;
mod keeper;
mod kept;
mod notifications;
