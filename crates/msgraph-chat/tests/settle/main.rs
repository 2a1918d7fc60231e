//! Settling an unknown send, on the wire: each verdict, and the requests that it needs.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod absent;
mod clock;
mod compare;
mod deadline;
mod found;
mod lists;
mod teams;
mod twins;
