#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "acs")]
#[cfg_attr(docsrs, doc(cfg(feature = "acs")))]
pub mod acs;
mod addresses;
mod authorize;
mod body;
mod call;
mod call_context;
mod call_state;
mod certificate;
mod challenge;
mod classify;
mod client;
mod clock;
mod concurrency;
mod departure;
mod download;
mod endpoint;
mod expected;
mod failure;
mod first_connection;
mod first_looks;
mod generation;
mod input;
mod moment;
mod open_request;
mod operation;
mod options;
mod pages;
mod part;
mod pipeline;
mod pipeline_clock;
mod polls;
mod preview;
mod probe;
mod redact;
mod response;
mod response_match;
mod retry_after;
mod service;
mod throttle;
mod tls;
mod trace;
mod transport;
mod variables;

pub use authorize::{Authorize, Bearer, HttpRequest, RejectedToken};
pub use bytes::Bytes;
pub use call::{Call, RetryClass};
pub use certificate::UNTRUSTED_CERTIFICATE;
pub use challenge::{ChallengeParameter, ChallengeParameters, claims_challenge};
pub use client::HttpClient;
pub use download::Download;
pub use endpoint::{Endpoint, encode_path_segment};
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
pub use input::{check_id, redacted_address};
pub use moment::{Moment, clock_set_by};
pub use open_request::OpenRequest;
pub use operation::Operation;
pub use options::{HttpOptions, HttpVersions, Proxy};
pub use pages::Pages;
pub use pipeline::Pipeline;
pub use pipeline_clock::Look;
pub use preview::Preview;
pub use probe::Probe;
pub use redact::one_line;
pub use response::Response;
pub use response_match::FOREIGN_RESPONSE;
pub use retry_after::retry_after;
pub use service::{ServiceError, ServiceProfile};
pub use transport::Transport;
pub use variables::Variables;

/// What the fuzz targets reach; compiled for them alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Reads how long to wait.
    pub fn retry_after(headers: &http::HeaderMap) {
        let _ = crate::retry_after::read(headers, std::time::SystemTime::now());
    }
}
