//! The session, from its bytes to its verdicts: one program, which links it once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod certainty;
mod channel;
mod conformance;
mod double;
mod faults;
mod hostile;
mod invitation;
mod life;
mod settle;
mod sign_in;
mod support;
