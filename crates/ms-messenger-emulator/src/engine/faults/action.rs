//! What a fault does to a request.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::{
    engine::{
        description::{Catalog, Description},
        faults::{own::OwnFault, push::PushFault},
        platform::{Platform, names_operation},
    },
    wire::response::Response,
};

/// When a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// After the head of the request, before its body was read. Nothing is stored.
    BeforeRead,
    /// After the whole request was read. Nothing is stored.
    AfterRead,
    /// After the message was stored. No byte of the response is sent.
    AfterStore,
}

impl When {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRead => "before_read",
            Self::AfterRead => "after_read",
            Self::AfterStore => "after_store",
        }
    }
}

/// A request that is processed only after its client got a response, or none.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LateStore {
    /// Milliseconds between reading the request and processing it.
    pub ms: u64,
    /// The response that the client gets.
    pub then: LateResponse,
}

/// The response to the client of a [`LateStore`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LateResponse {
    /// The connection is closed (FIN) as soon as the request was read.
    Close,
    /// The connection is reset (RST) as soon as the request was read.
    Reset,
    /// The normal response, after the request was processed.
    Response,
    /// Nothing; the connection stays open.
    Silence,
    /// This response, as soon as the request was read.
    Status(FaultStatus),
}

impl LateResponse {
    /// Responds with `status` (200 to 599) as soon as the request was read.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Status(FaultStatus::new(status))
    }

    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Response => "answer",
            Self::Silence => "silence",
            Self::Status(_) => "status",
        }
    }
}

/// Whether the operation reads a list in pages.
fn is_list(operation: &str) -> bool {
    let head = operation.split('.').next();
    matches!(head, Some("list" | "delta")) || operation.ends_with(".list")
}

/// A fault: what happens to a request.
///
/// ```
/// use ms_messenger_emulator::{FaultAction, FaultRule, When};
///
/// let throttled = FaultAction::status(429).with_header("Retry-After", "1");
/// let lost = FaultAction::Reset { when: When::AfterStore };
/// let rule = FaultRule::scheduled([Some(throttled), None, Some(lost)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FaultAction {
    /// Nothing is stored; the client gets this response.
    Status(FaultStatus),
    /// The request is processed; the client gets this response instead of its own.
    StatusAfterStore(FaultStatus),
    /// The request is processed; its response is delayed.
    Delay {
        /// The delay in milliseconds.
        ms: u64,
    },
    /// The connection is closed gracefully (FIN) without a response.
    Close {
        /// When.
        when: When,
    },
    /// The connection is reset (RST) without a response.
    Reset {
        /// When.
        when: When,
    },
    /// The request is processed; the response announces its full length, but the connection is
    /// closed after so many bytes of the body. At least one byte is always missing.
    CutBody {
        /// How many bytes of the body are sent.
        after_bytes: u64,
    },
    /// The request is processed; the body of the response is cut in the middle of its JSON, with a
    /// matching length.
    MalformedBody,
    /// The connection is reset (RST) after so many bytes of the response, including its head. The
    /// request is processed. A shorter response arrives completely before the reset.
    ResetAfterBytes {
        /// HTTP/1.1: bytes of head and body. HTTP/2: bytes of the stream's frames, their heads of
        /// nine bytes included.
        after_bytes: u64,
    },
    /// The request is processed; the body of the response arrives in pieces.
    SlowBody {
        /// How many, of equal size as far as that goes; a shorter body comes byte by byte.
        pieces: u64,
        /// The pause before each piece but the first, in milliseconds.
        ms: u64,
    },
    /// The request is processed; every byte of the response is sent twice, as a broken proxy does.
    ///
    /// On HTTP/2, where a stream has one response, the copy becomes the response to the next
    /// request of the connection, whose own response goes to the request after it, and so on. A
    /// gateway behaves so when its own connection to the service delivers a response twice.
    DuplicateResponse,
    /// The connection accepts no more requests.
    ///
    /// [`When::AfterStore`]: the request is processed and gets its response; then HTTP/2 sends
    /// GOAWAY and lets open streams finish, HTTP/1.1 says `Connection: close` and closes.
    ///
    /// [`When::BeforeRead`], [`When::AfterRead`]: nothing is stored and there is no response.
    /// HTTP/2 sends GOAWAY with a last stream below that of the request. If a later request was
    /// already accepted, GOAWAY names that one, and RST_STREAM with REFUSED_STREAM precedes it.
    /// Either way the client can know that its request was not processed. HTTP/1.1 cannot say so,
    /// and closes.
    GoAway {
        /// When.
        when: When,
    },
    /// From this request on, every bearer token issued so far counts as expired at the service of
    /// the request. The request gets the 401 of the service unless it was made with an access key.
    TokenExpiry,
    /// The request is processed later, even if its client has disconnected.
    LateStore(LateStore),
    /// The request is processed; headers of its response are set or left out.
    Headers {
        /// Names and values, set as they are.
        set: Vec<(String, String)>,
        /// Names of those that are left out.
        remove: Vec<String>,
    },
    /// Lists only: the page has no items, and a link to the page that has them.
    EmptyPage,
    /// A fault of what the emulator itself sends.
    Push(PushFault),
    /// A fault that only one service has; it does not affect other services.
    Own(OwnFault),
}

impl FaultAction {
    /// Responds with `status` (200 to 599) and stores nothing.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(429));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["kind"], serde_json::json!("status"));
    /// ```
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(FaultStatus::new(status))
    }

    /// Whether the action means anything for that operation.
    pub(crate) fn fits(&self, service: &Description, operation: &str) -> bool {
        match self {
            Self::Own(fault) => fault.fits(service.platform, operation),
            Self::Push(_) => service.pushes.contains(&operation),
            _ if service.pushes.contains(&operation) => false,
            Self::TokenExpiry => service.token_life_s.is_some(),
            Self::EmptyPage => service.has_pages && is_list(operation),
            _ => true,
        }
    }

    /// Whether it fits any operation that a rule of that match takes, if that takes any at all.
    pub(crate) fn fits_any(
        &self,
        catalog: Catalog<'_>,
        platform: Option<Platform>,
        pattern: Option<&str>,
    ) -> bool {
        let operations = catalog.of(platform).flat_map(|service| {
            let operations = service.operations.iter();
            operations.map(move |operation| (service, *operation))
        });
        let mut taken = operations
            .filter(|(_, operation)| pattern.is_none_or(|p| names_operation(p, operation)))
            .peekable();
        taken.peek().is_none() || taken.any(|(service, operation)| self.fits(service, operation))
    }

    /// Processes the request, then responds with `status` (200 to 599).
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status_after_store(504));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["kind"], serde_json::json!("status_after_store"));
    /// ```
    #[must_use]
    pub fn status_after_store(status: u16) -> Self {
        Self::StatusAfterStore(FaultStatus::new(status))
    }

    /// Adds a header to a status or headers action; it does not change other actions.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(429).with_header("Retry-After", "1"));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["headers"]["Retry-After"], serde_json::json!("1"));
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        match &mut self {
            Self::Status(response)
            | Self::StatusAfterStore(response)
            | Self::LateStore(LateStore {
                then: LateResponse::Status(response),
                ..
            }) => response.headers.push((name.into(), value.into())),
            Self::Headers { set, .. } => set.push((name.into(), value.into())),
            _ => {}
        }
        self
    }

    /// Leaves a header out of the response of a status or headers action, for example `Date`; it
    /// does not change other actions.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::headers().without_header("Date"));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["headers"]["Date"], serde_json::json!(null));
    /// ```
    #[must_use]
    pub fn without_header(mut self, name: impl Into<String>) -> Self {
        match &mut self {
            Self::Status(response)
            | Self::StatusAfterStore(response)
            | Self::LateStore(LateStore {
                then: LateResponse::Status(response),
                ..
            }) => response.without.push(name.into()),
            Self::Headers { remove, .. } => remove.push(name.into()),
            _ => {}
        }
        self
    }

    /// Processes the request and changes the headers of its response by
    /// [`with_header`](Self::with_header) and [`without_header`](Self::without_header).
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::headers().with_header("X-Proxy", "1"));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["kind"], serde_json::json!("headers"));
    /// ```
    #[must_use]
    pub const fn headers() -> Self {
        Self::Headers {
            set: Vec::new(),
            remove: Vec::new(),
        }
    }

    /// Processes the request `ms` milliseconds after it was read; `then` is the response to its
    /// client.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, LateResponse};
    ///
    /// let late = FaultAction::late_store(200, LateResponse::status(504));
    /// ```
    #[must_use]
    pub const fn late_store(ms: u64, then: LateResponse) -> Self {
        Self::LateStore(LateStore { ms, then })
    }

    /// Gives a status action the error body of the platform without a reason: code and message only
    /// repeat the status ("Bad Request"). It does not change other actions.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(400).bare());
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["bare"], serde_json::json!(true));
    /// ```
    #[must_use]
    pub fn bare(mut self) -> Self {
        if let Self::Status(response) | Self::StatusAfterStore(response) = &mut self {
            response.is_bare = true;
        }
        self
    }

    /// Sets the body of a status action: JSON, or verbatim text if it is a string. It does not
    /// change other actions.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(502).with_body("<html>"));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["body"], serde_json::json!("<html>"));
    /// ```
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Value>) -> Self {
        if let Self::Status(response) | Self::StatusAfterStore(response) = &mut self {
            response.body = Some(body.into());
        }
        self
    }
}

/// The response of a status fault. Without a body it has the error body of the platform.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultStatus {
    /// 200 to 599.
    pub status: u16,
    /// Names and values, sent as they are, so that `Retry-After` can have any form.
    pub headers: Vec<(String, String)>,
    /// Names of headers to leave out, including those that every response has.
    pub without: Vec<String>,
    /// JSON, or verbatim text when it is a string.
    pub body: Option<Value>,
    /// Whether the error body of the platform gives no reason.
    pub is_bare: bool,
}

impl FaultStatus {
    pub(crate) const fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            without: Vec::new(),
            body: None,
            is_bare: false,
        }
    }

    /// The error response of a service with the body and the headers of the fault.
    pub(crate) fn apply(&self, mut response: Response) -> Response {
        match &self.body {
            None => {}
            Some(Value::String(text)) => {
                response.body = Bytes::from(text.clone());
                response
                    .headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            }
            Some(json) => response.body = Bytes::from(json.to_string()),
        }
        response.set_headers(&self.headers, &self.without);
        response
    }
}

impl From<PushFault> for FaultAction {
    fn from(fault: PushFault) -> Self {
        Self::Push(fault)
    }
}

impl From<OwnFault> for FaultAction {
    fn from(fault: OwnFault) -> Self {
        Self::Own(fault)
    }
}
