//! Requests for paths that no typed method covers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use ms_messenger_core::{Deadline, Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Call, Download, Pages, Pipeline, Response, RetryClass, encode_path_segment};

/// A request for any path of a service, which goes through the same pipeline as the typed calls:
/// authorisation, retries, throttling, size limits and the check of the origin.
///
/// A GET or HEAD is retried as a read. Every other method is taken for a call that must not be
/// executed twice, until [`with_retry_class`](Self::with_retry_class) states otherwise.
///
/// ```no_run
/// use ms_messenger_http::{Method, OpenRequest, Pipeline, RetryClass};
/// use serde_json::{Value, json};
///
/// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
/// let pager: Value = OpenRequest::new(pipeline, Method::GET, "/pagers/7")
///     .with_query("fields", "owner,state")
///     .json()
///     .await?;
/// OpenRequest::new(pipeline, Method::PUT, "/pagers/7/owner")
///     .with_json(&json!({ "id": pager["owner"] }))?
///     .with_retry_class(RetryClass::Repeatable)
///     .send()
///     .await?;
/// let mut all = OpenRequest::new(pipeline, Method::GET, "/pagers").pages::<Value>();
/// while let Some(page) = all.next_page().await? {
///     println!("{} pagers", page.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct OpenRequest {
    pipeline: Pipeline,
    call: Call,
}

impl OpenRequest {
    /// A request to `path`, which starts with a slash, lies below the base path of the endpoint
    /// and may hold a query. Ids in it are [encoded](encode_path_segment) by the caller.
    pub fn new(pipeline: &Pipeline, method: Method, path: impl Into<String>) -> Self {
        let class = if method == Method::GET || method == Method::HEAD {
            RetryClass::Repeatable
        } else {
            RetryClass::NotRepeatable
        };
        Self {
            pipeline: pipeline.clone(),
            call: Call::request(method, "request", path, class),
        }
    }

    /// Adds a parameter to the query. Name and value are encoded here.
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        let path = &mut self.call.path_and_query;
        let separator = if path.contains('?') { '&' } else { '?' };
        let (name, value) = (encode_path_segment(name), encode_path_segment(value));
        *path = format!("{path}{separator}{name}={value}");
        self
    }

    /// Sets a header. Those of the credential are set by the pipeline.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.call = self.call.with_header(name, value);
        self
    }

    /// Sets the body to `value` as JSON.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when it has no JSON form.
    pub fn with_json<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self> {
        self.call = self.call.with_json(value)?;
        Ok(self)
    }

    /// Sets the body and its media type.
    pub fn with_body(mut self, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.call = self.call.with_body(content_type, body);
        self
    }

    /// States what a retry of the request can do, which the method alone does not say.
    pub fn with_retry_class(mut self, class: RetryClass) -> Self {
        self.call.class = class;
        self
    }

    /// Sets the client request id, by default a random one.
    pub fn with_client_request_id(mut self, id: Uuid) -> Self {
        self.call = self.call.with_client_request_id(id);
        self
    }

    /// Sets when the request ends without an outcome.
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.call = self.call.with_deadline(deadline);
        self
    }

    /// Sends the request and returns its success (2xx).
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for a path that is not usable; then as [`Pipeline::call`].
    pub async fn send(self) -> Result<Response> {
        self.pipeline.call(self.checked()?).await
    }

    /// Sends the request and reads the response as JSON.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send) and [`Response::json`].
    pub async fn json<T: DeserializeOwned>(self) -> Result<T> {
        self.send().await?.json()
    }

    /// Returns the list that the request reads page by page.
    pub fn pages<T: DeserializeOwned>(self) -> Pages<T> {
        Pages::new(&self.pipeline, self.checked())
    }

    /// Sends the request and returns the body of the response as it arrives.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn download(self) -> Result<Download> {
        self.pipeline.download(self.checked()?).await
    }

    /// Checks what makes its path one below the endpoint.
    fn checked(&self) -> Result<Call> {
        let path = &self.call.path_and_query;
        let is_sound = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>');
        let rule = if !path.starts_with('/') || path.starts_with("//") {
            "must start with one slash"
        } else if !path.chars().all(is_sound) {
            "must be percent-encoded, without spaces, quotes, backslashes and fragments"
        } else {
            return Ok(self.call.clone());
        };
        Err(Error::invalid("path", rule).with_platform(self.pipeline.platform()))
    }
}
