//! The flows: what goes over the wire, and what becomes of the answers.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod application;
#[cfg(feature = "browser")]
mod authorization_code;
mod device_code;
mod dropped;
mod hostile;
mod on_behalf_of;
mod stored_sign_in;
mod support;
mod waiters;
