//! One logical call, before its first attempt.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ms_messenger_core::{Deadline, Error, ErrorKind, IdempotencyKey, Journal, Mark, Result};
use serde::Serialize;
use uuid::Uuid;

use crate::Operation;

/// What a retry of a call can do, which decides when there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryClass {
    /// The call carries a message. It is retried when no earlier attempt can have been executed,
    /// or under an [idempotency key](Call::with_idempotency). The delivery of its error is that of
    /// the message.
    Message,
    /// Executing the call twice has the effect of executing it once, as for a read. It is retried
    /// after every transient failure, and the delivery of its error is always `NotSent`.
    Repeatable,
    /// The call carries no message, but must not be executed twice, such as a creation. It is
    /// retried as a message is. The delivery of its error says whether it was executed, and
    /// [`Error::operation`] names it.
    NotRepeatable,
}

/// One logical call. All its attempts carry the same bytes, which `Debug` does not show.
///
/// ```
/// use ms_messenger_http::{Call, Method, RetryClass};
///
/// let read = Call::get("pages", "/pages?api-version=1");
/// let edit = Call::patch("page.edit", "/pages/7").with_json(&serde_json::json!({ "text": "up again" }))?;
/// let create = Call::request(Method::POST, "user.create", "/users", RetryClass::NotRepeatable);
/// assert!(!format!("{read:?} {edit:?} {create:?}").contains("again"));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Call {
    pub(crate) operation: &'static str,
    pub(crate) doubt: Option<&'static str>,
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) class: RetryClass,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) expected: &'static [u16],
    pub(crate) client_request_id: Option<Uuid>,
    pub(crate) mark: Option<Mark>,
    pub(crate) deadline: Deadline,
    pub(crate) journal: Option<Journal>,
}

impl Call {
    /// A POST that carries a message: it is retried only when that is proven safe.
    pub fn post(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::request(Method::POST, operation, path_and_query, RetryClass::Message)
    }

    /// A GET, which can be repeated.
    pub fn get(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::request(
            Method::GET,
            operation,
            path_and_query,
            RetryClass::Repeatable,
        )
    }

    /// A PUT of a resource, which can be repeated.
    pub fn put(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::request(
            Method::PUT,
            operation,
            path_and_query,
            RetryClass::Repeatable,
        )
    }

    /// A PATCH that sets values, which can be repeated. For one that changes relative to the
    /// current state, state the class with [`request`](Self::request).
    pub fn patch(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::request(
            Method::PATCH,
            operation,
            path_and_query,
            RetryClass::Repeatable,
        )
    }

    /// A DELETE, which can be repeated.
    pub fn delete(operation: &'static str, path_and_query: impl Into<String>) -> Self {
        Self::request(
            Method::DELETE,
            operation,
            path_and_query,
            RetryClass::Repeatable,
        )
    }

    /// A call with any method, retried as `class` allows. `operation` is its name in spans and
    /// errors; `path_and_query` starts with a slash and goes below the base path of the endpoint.
    pub fn request(
        method: Method,
        operation: &'static str,
        path_and_query: impl Into<String>,
        class: RetryClass,
    ) -> Self {
        let mut headers = Vec::with_capacity(8);
        headers.push((header::ACCEPT, HeaderValue::from_static("application/json")));
        Self {
            operation,
            doubt: None,
            method,
            path_and_query: path_and_query.into(),
            headers,
            body: Bytes::new(),
            class,
            idempotency: None,
            timeout: None,
            expected: &[],
            client_request_id: None,
            mark: None,
            deadline: Deadline::default(),
            journal: None,
        }
    }

    /// A call of `operation`: its method and name, retried as its table says. `path_and_query` is
    /// its path with the variable parts filled in.
    ///
    /// A [keyed](Operation::is_keyed) operation also needs its
    /// [key](Self::with_idempotency), without which it is not repeated.
    pub fn of(operation: &'static Operation, path_and_query: impl Into<String>) -> Self {
        let method = operation.method.clone();
        let mut call = Self::request(method, operation.name, path_and_query, operation.class);
        call.doubt = operation.doubt;
        call
    }

    /// Makes the call [`Repeatable`](RetryClass::Repeatable): it carries no message, and repeating
    /// it changes nothing.
    #[must_use]
    pub fn without_message(mut self) -> Self {
        self.class = RetryClass::Repeatable;
        self
    }

    /// Declares that the platform removes duplicates of the call by `key`, so that it can be
    /// repeated while the platform remembers the key. The caller sets the headers.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Sets the time-out of one attempt, instead of that of the client: for a response that the
    /// service delays on purpose.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Treats `statuses` as a success, in addition to 2xx.
    #[must_use]
    pub fn with_expected(mut self, statuses: &'static [u16]) -> Self {
        self.expected = statuses;
        self
    }

    /// Sets the client request id, by default a random one. It is sent in the platform's header,
    /// if it has one, and stands in errors.
    #[must_use]
    pub fn with_client_request_id(mut self, id: Uuid) -> Self {
        self.client_request_id = Some(id);
        self
    }

    /// Sets the mark by which the message of the call can be recognised if its delivery is unknown.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Sets when the call ends without an outcome: the
    /// [deadline](ms_messenger_core::SendRequest::deadline) of the send that it carries.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the journal that takes note of each attempt before the message of the call leaves: that
    /// of the [request](ms_messenger_core::SendRequest::journal). A call of another
    /// [class](RetryClass) than [`Message`](RetryClass::Message) ignores it.
    ///
    /// [`attempt_begins`](ms_messenger_core::SendJournal::attempt_begins) is called when the
    /// credential of the attempt is there, and
    /// [`may_leave`](ms_messenger_core::SendJournal::may_leave) after it and when the connection
    /// takes the body. A message that did not leave by then is reported as not sent, by that
    /// attempt.
    #[must_use]
    pub fn with_journal(mut self, journal: Option<Journal>) -> Self {
        self.journal = journal;
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
        self.push_header(name, value);
        self
    }

    /// As [`with_header`](Self::with_header), without moving the call.
    pub(crate) fn push_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.push((name, value));
    }

    /// Sets the body to `value` as JSON, serialised once for all attempts.
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

    /// Sets the body to bytes that are already JSON.
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
        self.with_header(header::CONTENT_TYPE, content_type)
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The headers of one attempt, with room for the credential and the user agent: a larger map
    /// than needed costs every send, because allocators are fast for small blocks only.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 2);
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        headers
    }

    /// The same call to another path.
    pub(crate) fn with_path(mut self, path_and_query: String) -> Self {
        self.path_and_query = path_and_query;
        self
    }

    /// The path without the query: what the call is for.
    pub(crate) fn path(&self) -> &str {
        let path = self.path_and_query.split(['?', '#']).next();
        path.unwrap_or_default()
    }

    /// The journal, if there is one to obey.
    pub(crate) fn message_journal(&self) -> Option<&Journal> {
        let journal = self.journal.as_ref();
        journal.filter(|_| self.class == RetryClass::Message)
    }

    /// Whether executing it twice does no harm.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.class == RetryClass::Repeatable || self.idempotency.is_some()
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
