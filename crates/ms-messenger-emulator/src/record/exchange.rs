//! The lines of a recording.

use serde::{Deserialize, Serialize};

use crate::record::{body::Body, headers::Header};

/// The version of the format.
pub(crate) const VERSION: u64 = 1;

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heading {
    /// The version of the format.
    pub(crate) ms_messenger_recording: u64,
    /// The service: a public host, or the kind of host.
    pub(crate) upstream: String,
    /// The platform that was asked for, if one was.
    pub(crate) platform: Option<String>,
    /// The version of the recorder.
    pub(crate) recorder: String,
    /// When the recording began.
    pub(crate) started: String,
}

/// Every other line: a request, and the response of the service.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// The number of the exchange, from 1.
    pub(crate) n: u64,
    /// When the request came.
    pub(crate) at: String,
    /// How long the service took for the head of its response.
    pub(crate) ms: u64,
    pub(crate) request: Asked,
    pub(crate) response: Responded,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Body,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Responded {
    pub(crate) status: u16,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Body,
}
