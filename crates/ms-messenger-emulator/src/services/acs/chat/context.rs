//! One request of an authenticated caller, and the versions of the API.

use crate::{services::acs::family::Acs, wire::request::Request};

pub(crate) const PREVIEW: &str = "2024-03-15-preview";

pub(crate) const NEWEST: &str = "2025-03-15";

pub(crate) const VERSIONS: [&str; 6] = [
    "2021-03-07",
    "2021-09-07",
    "2023-11-07",
    "2024-03-07",
    PREVIEW,
    NEWEST,
];

/// One request of an authenticated caller.
pub(crate) struct Chat<'a> {
    pub(crate) service: &'a Acs,
    pub(crate) request: &'a Request,
    /// The `api-version`, one of those supported.
    pub(crate) version: &'a str,
    /// Raw id of the caller.
    pub(crate) caller: &'a str,
    /// Path parameters; empty where the path has none.
    pub(crate) thread: &'a str,
    pub(crate) message: &'a str,
}
