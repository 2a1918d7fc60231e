//! What the double receives and how it replies.

use std::{fmt, time::SystemTime};

use serde_json::Value;

/// A request that an [`HttpDouble`](super::HttpDouble) received.
///
/// A handler decides by it:
///
/// ```
/// use ms_messenger_testkit::{ReceivedRequest, Reply};
/// use serde_json::json;
///
/// fn service(request: &ReceivedRequest) -> Reply {
///     if request.header("authorization") != Some("Bearer token-1") {
///         return Reply::new(401, "");
///     }
///     match request.method.as_str() {
///         "POST" if request.json()["content"] == "" => Reply::new(400, ""),
///         "POST" => Reply::json(201, &json!({"id": "1"})),
///         _ => Reply::new(405, "").with_header("allow", "POST"),
///     }
/// }
/// # let _ = ms_messenger_testkit::HttpDouble::start(service);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method, e.g. `POST`.
    pub method: String,
    /// The path with its query, as it was sent.
    pub target: String,
    /// The headers, in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// Returns the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as JSON; `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Prints neither headers nor body: they contain tokens and messages.
impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// The reply of an [`HttpDouble`](super::HttpDouble) to one request.
///
/// A response has a `date` header with the current time, unless it is
/// [replaced](Reply::with_header) or [left out](Reply::without_date): settling reads the clock of a
/// service from it.
///
/// The replies of a service that is overloaded, then loses a response, then works again:
///
/// ```
/// use std::sync::Mutex;
/// use ms_messenger_testkit::{HttpDouble, Reply};
/// # use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let script = Mutex::new(vec![
///     Reply::new(429, "").with_header("retry-after", "1"),
///     Reply::close(),
///     Reply::new(201, r#"{"id":"1"}"#),
/// ].into_iter());
/// let double = HttpDouble::start(move |_| {
///     let next = script.lock().unwrap().next();
///     next.unwrap_or_else(|| Reply::new(500, ""))
/// })
/// .await?;
/// # let mut starts = Vec::new();
/// # for _ in 0..4 {
/// #     let mut client = TcpStream::connect(double.url().trim_start_matches("http://")).await?;
/// #     client.write_all(b"POST / HTTP/1.1\r\n\r\n").await?;
/// #     let mut start = vec![0; 12];
/// #     starts.push(client.read_exact(&mut start).await.map(|_| start).unwrap_or_default());
/// # }
/// # let expected: [&[u8]; 4] = [b"HTTP/1.1 429", b"", b"HTTP/1.1 201", b"HTTP/1.1 500"];
/// # assert_eq!(starts, expected);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply is sent when the handler returns it"]
pub struct Reply(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Response(Response),
    Close,
    Silence,
}

#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    has_date: bool,
}

impl Reply {
    /// Responds with `status` and `body`.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Response(Response {
            status,
            headers: Vec::new(),
            body: body.into(),
            has_date: true,
        }))
    }

    /// Responds with `status` and a body of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).with_header("content-type", "application/json")
    }

    /// Closes the connection without a response.
    pub fn close() -> Self {
        Self(Kind::Close)
    }

    /// Keeps the connection open and never responds.
    pub fn silence() -> Self {
        Self(Kind::Silence)
    }

    /// Adds a header to a response; `date` replaces the current time.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Kind::Response(response) = &mut self.0 {
            response.has_date &= !name.eq_ignore_ascii_case("date");
            response.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Leaves the `date` header out of a response.
    pub fn without_date(mut self) -> Self {
        if let Kind::Response(response) = &mut self.0 {
            response.has_date = false;
        }
        self
    }

    /// The same response with another body; a reply without a response stays as it is.
    pub(super) fn with_body(mut self, body: &str) -> Self {
        if let Kind::Response(response) = &mut self.0 {
            response.body = body.into();
        }
        self
    }
}

impl Response {
    /// The bytes on the wire.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Double\r\n", self.status);
        if self.has_date {
            let date = httpdate::fmt_http_date(SystemTime::now());
            head.push_str(&format!("date: {date}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
