//! A whole response.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use http::HeaderMap;
use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

use crate::{ServiceProfile, call_context::CallContext, redact::one_line};

/// A whole response: status, headers, body. `Debug` does not show the body.
///
/// ```no_run
/// use ms_messenger_http::{Call, Pipeline};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Page {
///     id: String,
/// }
///
/// # async fn example(pipeline: Pipeline) -> ms_messenger_core::Result<()> {
/// let response = pipeline.call(Call::get("page", "/pages/7")).await?;
/// let page: Page = response.json()?;
/// if page.id.is_empty() {
///     return Err(response.unusable("the response names no page"));
/// }
/// println!("{} {:?} {:?}", page.id, response.request_id(), response.header("etag"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Response {
    pub(crate) service: &'static ServiceProfile,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) context: CallContext,
}

impl Response {
    /// The operation of the call, so that an error reader can name what that needs.
    pub fn operation(&self) -> &'static str {
        self.context.operation
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the header `name`, in either case, if the response has it and it is readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        // Without a look-up, which would read and hash the name: that costs more than to look at
        // the few headers of a response.
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(it, _)| it.as_str().eq_ignore_ascii_case(name))?;
        value.to_str().ok()
    }

    /// All readable values of the header `name`, which can occur several times.
    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let values = self.headers.get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok())
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The id under which the service knows the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let mut names = self.service.request_ids.iter();
        names.find_map(|name| self.header(name))
    }

    /// Reads the body of a success as JSON.
    ///
    /// # Errors
    ///
    /// `Protocol`, with delivery `Sent` when the call carried a message: the platform accepted it,
    /// only the response cannot be used.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // Where, but not what: the error of serde quotes the body.
            let (line, column) = (error.line(), error.column());
            self.unusable(format!(
                "the response is not what the contract says, at line {line} column {column}"
            ))
        })
    }

    /// Returns the error of a success that cannot be used for another reason than its JSON.
    pub fn unusable(&self, message: impl Into<Cow<'static, str>>) -> Error {
        let mut error = Error::new(ErrorKind::Protocol, message)
            .with_delivery(Delivery::Sent)
            .with_status(self.status);
        if let Some(id) = self.request_id() {
            error = error.with_request_id(one_line(id));
        }
        self.context.finish(error, self.service)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("platform", &self.service.name)
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
