//! All clients side by side: one program, which links them once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod certainty;
mod facade;
mod throttle;
