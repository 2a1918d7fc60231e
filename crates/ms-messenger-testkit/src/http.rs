//! A scripted HTTP server on loopback, and the conformance subject on top of it.

mod double;
mod exchange;
mod subject;

pub use double::HttpDouble;
pub use exchange::{ReceivedRequest, Reply};
pub use subject::{HttpPlatform, HttpSubject, StoredMessage};
