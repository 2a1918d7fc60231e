//! Requests, responses, times and tokens: what every service speaks.

pub(crate) mod clock;
pub(crate) mod jwt;
pub(crate) mod packed;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod tls;
