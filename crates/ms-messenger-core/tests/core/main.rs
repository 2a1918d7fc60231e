//! The types and traits from outside: one program, which links the crate once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod auth;
mod ext;
mod json;
mod settle;
mod types;
