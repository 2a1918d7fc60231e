//! Requests, responses, times and tokens, which all services share.
//!
//! Nothing in here knows the engine, a seed or a service.

pub(crate) mod clock;
pub(crate) mod der;
pub(crate) mod guid;
pub(crate) mod jwt;
pub(crate) mod lock;
pub(crate) mod packed;
pub(crate) mod path;
pub(crate) mod plain;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod rsa;
pub(crate) mod tls;
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
pub(crate) mod tls_client;
