//! An answer of the emulator before it becomes an HTTP response.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Status, headers and complete body of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
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
    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_undated: false,
        }
    }

    /// An answer whose body is `body`, of the media type `content_type`.
    pub(crate) fn bytes(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let mut response = Self::empty(status);
        response
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.body = body;
        response
    }

    /// A JSON answer with an explicit character set, as the services write a success.
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        let bytes = Bytes::from(body.to_string());
        Self::bytes(status, "application/json; charset=utf-8", bytes)
    }

    /// Adds a header; a value that HTTP does not allow is left out.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.set_header(HeaderName::from_static(name), value);
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
