//! The flows: requests on the wire, and how responses are handled.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod application;
#[cfg(feature = "browser")]
mod authorization_code;
mod device_code;
mod dropped;
mod hostile;
mod on_behalf_of;
mod retry;
mod stored_sign_in;
mod support;
mod waiters;
