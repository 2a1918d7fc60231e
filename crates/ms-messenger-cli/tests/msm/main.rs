//! The program as scripts see it: arguments and environment in; output and exit code out.

// The lint spares tests, but not what they share.
#![allow(clippy::unwrap_used)]

mod demo;
mod doctor;
mod emulator;
mod exit_codes;
mod field;
mod redaction;
mod send;
mod settle;
mod sign_in;
mod support;
mod usage;
