//! The client, from its bytes to its errors: one program, which links it once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod emulator;
mod errors;
mod operations;
mod wire;
