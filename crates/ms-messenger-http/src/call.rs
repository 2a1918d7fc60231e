//! One logical call, before it is tried.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ms_messenger_core::{Deadline, Error, ErrorKind, IdempotencyKey, Mark, Result};
use serde::Serialize;
use uuid::Uuid;

/// One logical call: its tries all carry the same bytes. `Debug` does not show them.
#[derive(Clone)]
pub struct Call {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) carries_message: bool,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) expected: &'static [u16],
    pub(crate) client_request_id: Option<Uuid>,
    pub(crate) mark: Option<Mark>,
    pub(crate) deadline: Deadline,
}

impl Call {
    /// A POST that carries a message: it is repeated only when that is proven safe.
    pub fn post(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::new(operation, Method::POST, path_and_query, true)
    }

    /// A GET; it can be repeated at any time.
    pub fn get(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::new(operation, Method::GET, path_and_query, false)
    }

    /// A PUT of a resource; it can be repeated at any time.
    pub fn put(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::new(operation, Method::PUT, path_and_query, false)
    }

    /// A DELETE; it can be repeated at any time.
    pub fn delete(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::new(operation, Method::DELETE, path_and_query, false)
    }

    fn new(
        operation: &'static str,
        method: Method,
        path_and_query: impl Into<String>,
        carries_message: bool,
    ) -> Self {
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Self {
            operation,
            method,
            path_and_query: path_and_query.into(),
            headers,
            body: Bytes::new(),
            carries_message,
            idempotency: None,
            timeout: None,
            expected: &[],
            client_request_id: None,
            mark: None,
            deadline: Deadline::default(),
        }
    }

    /// Says that the call carries no message and that repeating it changes nothing, so that it
    /// is repeated like a read and its failure never leaves a delivery in doubt.
    #[must_use]
    pub fn without_message(mut self) -> Self {
        self.carries_message = false;
        self
    }

    /// Says that the platform removes duplicates of the call by `key`, so that it can be
    /// repeated while the platform remembers the key. The headers are the caller's to set.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Sets how long one try may take, instead of the time of the client: for a response that
    /// the service holds back on purpose.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says that `statuses` besides 2xx are answers like any other, not errors.
    #[must_use]
    pub fn with_expected(mut self, statuses: &'static [u16]) -> Self {
        self.expected = statuses;
        self
    }

    /// Sets the id that this side gives the call; by default it is a random one. It goes out in
    /// the header of the platform, if it has one, and into errors.
    #[must_use]
    pub fn with_client_request_id(mut self, id: Uuid) -> Self {
        self.client_request_id = Some(id);
        self
    }

    /// Says by what the message of the call can be recognised, should its delivery be unknown.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Sets when the call ends although it has no outcome: the
    /// [deadline](ms_messenger_core::SendRequest::deadline) of the request that it carries.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets a header.
    ///
    /// ```
    /// use ms_messenger_http::{Call, HeaderName, HeaderValue, header};
    ///
    /// const PRIORITY: HeaderName = HeaderName::from_static("x-priority"); // checked by the compiler
    ///
    /// let call = Call::put("settings", "/settings")
    ///     .with_header(header::IF_MATCH, HeaderValue::from_static("*"))
    ///     .with_header(PRIORITY, HeaderValue::from_static("high"));
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body: `value` as JSON, serialised here and never again.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when it has no JSON form.
    pub fn with_json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(|error| {
            Error::new(ErrorKind::InvalidRequest, "the body has no JSON form").with_source(error)
        })?;
        Ok(self.with_json_bytes(body))
    }

    /// Sets the body to bytes that are JSON already.
    #[must_use]
    pub fn with_json_bytes(self, body: impl Into<Bytes>) -> Self {
        self.with_body(HeaderValue::from_static("application/json"), body)
    }

    /// Sets the body and its media type.
    ///
    /// ```
    /// use ms_messenger_http::{Call, HeaderValue};
    ///
    /// let call = Call::post("page", "/pages")
    ///     .with_body(HeaderValue::from_static("text/plain"), "disk full");
    /// assert_eq!(call.body(), "disk full");
    /// ```
    #[must_use]
    pub fn with_body(mut self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.headers.insert(header::CONTENT_TYPE, content_type);
        self
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether a repetition is harmless by itself.
    pub(crate) fn is_repeatable(&self) -> bool {
        !self.carries_message || self.idempotency.is_some()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
