//! A request as a server received it.

use std::{fmt, time::SystemTime};

use http::{HeaderMap, Method, Request, Uri};

/// A request as a server received it: borrowed parts of any HTTP library that uses the crate
/// `http`.
///
/// `Debug` prints neither query, headers nor body, which hold secrets and messages.
///
/// ```
/// use http::Request;
/// use ms_messenger_events::Incoming;
///
/// let request = Request::post("/events?key=hunter2").body(b"[]".to_vec())?;
/// let incoming = Incoming::of(&request);
/// assert_eq!(incoming.body, b"[]");
/// assert!(!format!("{incoming:?}").contains("hunter2"));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// The query of the address without `?`, as it was on the wire.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
    /// When the request was received, by which tokens expire.
    pub received_at: SystemTime,
}

impl<'a> Incoming<'a> {
    /// Creates a request that is received now.
    ///
    /// ```
    /// use http::{HeaderMap, Method, Uri};
    /// use ms_messenger_events::Incoming;
    ///
    /// let (uri, headers) = (Uri::from_static("/events?key=1"), HeaderMap::new());
    /// let incoming = Incoming::new(&Method::POST, &uri, &headers, b"[]");
    /// assert_eq!(incoming.query, "key=1");
    /// ```
    pub fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self {
            method,
            query: uri.query().unwrap_or_default(),
            headers,
            body,
            received_at: SystemTime::now(),
        }
    }

    /// Borrows the parts of a request that is received now.
    pub fn of<B: AsRef<[u8]>>(request: &'a Request<B>) -> Self {
        let body = request.body().as_ref();
        Self::new(request.method(), request.uri(), request.headers(), body)
    }

    /// Sets when the request was received.
    #[must_use]
    pub fn with_received_at(mut self, time: SystemTime) -> Self {
        self.received_at = time;
        self
    }

    /// Returns a header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("method", self.method)
            .field("body", &format_args!("<{} bytes>", self.body.len()))
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}
