//! A response of a service, before faults and the server take it.

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue},
};
use serde_json::Value;

/// A response of a service: status, headers and the whole body.
///
/// ```
/// use http::StatusCode;
/// use ms_messenger_emulator::service::Response;
///
/// let body = serde_json::json!({"id": "1"});
/// let response = Response::json(StatusCode::CREATED, &body).with_header("location", "/pager/1");
/// assert_eq!(response.status(), StatusCode::CREATED);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether a fault took the `Date` away, which every response has.
    pub(crate) is_undated: bool,
}

/// Marks a response that is sent without a `Date`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undated;

impl Response {
    /// Makes a response without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_undated: false,
        }
    }

    /// Makes a response with that body, of the media type `content_type`.
    pub fn bytes(status: StatusCode, content_type: &str, body: Bytes) -> Self {
        let mut response = Self::empty(status);
        response.set_header(CONTENT_TYPE, content_type);
        response.body = body;
        response
    }

    /// Makes a JSON response with an explicit character set, as the services write a success.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        let bytes = Bytes::from(body.to_string());
        Self::bytes(status, "application/json; charset=utf-8", bytes)
    }

    /// Returns the status.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Sets a header; a name or value that HTTP does not allow is left out.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            self.set_header(name, value);
        }
        self
    }

    /// Sets a header in place; a value that HTTP does not allow is left out.
    pub(crate) fn set_header(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Sets the headers in place, and leaves some out; names and values that HTTP does not allow are
    /// passed over.
    pub(crate) fn set_headers(&mut self, set: &[(String, String)], without: &[String]) {
        for name in without {
            if let Ok(name) = HeaderName::try_from(name.as_str()) {
                self.is_undated |= name == DATE;
                self.headers.remove(name);
            }
        }
        for (name, value) in set {
            if let Ok(name) = HeaderName::try_from(name.as_str()) {
                self.set_header(name, value);
            }
        }
    }

    /// Whether the service refused the request (any 4xx or 5xx).
    pub(crate) fn is_refusal(&self) -> bool {
        self.status.as_u16() >= 400
    }
}
