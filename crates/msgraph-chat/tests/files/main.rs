//! Messages with files: the bytes on the wire, and every failure of every step.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod bad;
mod certainty;
mod commit;
mod drive;
mod neutral;
mod pieces;
mod reading;
mod simple;
