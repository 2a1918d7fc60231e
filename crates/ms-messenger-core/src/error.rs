//! The one error type: what went wrong, and whether the message is out.

use std::{
    borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration, time::SystemTime,
};

use crate::{Evidence, IdempotencyKey, Problem};

/// A result whose error says whether the message went out.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by the remedy: each kind asks for another reaction of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is set up wrongly: an endpoint, a credential or an option is unusable.
    Config,
    /// The request breaks a rule of the platform; see [`Error::problems`].
    InvalidRequest,
    /// The platform cannot carry what the request asks for; see [`Error::problems`].
    Unsupported,
    /// No credential, or one that the platform does not accept (401).
    Unauthenticated,
    /// The credential is good but may not do this (403).
    PermissionDenied,
    /// The conversation, channel or person does not exist (404, 410).
    NotFound,
    /// The request contradicts the state of the platform (409, 412).
    Conflict,
    /// The platform asks to slow down (429, or 503 with a time to wait).
    RateLimited,
    /// No connection: name resolution, refusal, time-out before it stood, or TLS handshake.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection broke after the request had begun.
    Transport,
    /// The platform failed (408, 5xx).
    Service,
    /// The platform answered something that its contract does not allow.
    Protocol,
    /// The caller cancelled the send.
    Cancelled,
    /// Anything else; custom backends use it for causes of their own.
    Other,
}

impl ErrorKind {
    /// The name of the kind in `snake_case`, as logs and JSON print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::InvalidRequest => "invalid_request",
            Self::Unsupported => "unsupported",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Service => "service",
            Self::Protocol => "protocol",
            Self::Cancelled => "cancelled",
            Self::Other => "other",
        }
    }

    /// What is known of the message when an error of this kind says nothing more precise:
    /// `NotSent` where the request cannot have been executed, else `Unknown`.
    const fn default_delivery(self) -> Delivery {
        match self {
            Self::Config
            | Self::InvalidRequest
            | Self::Unsupported
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::NotFound
            | Self::RateLimited
            | Self::Connect => Delivery::NotSent,
            Self::Conflict
            | Self::Timeout
            | Self::Transport
            | Self::Service
            | Self::Protocol
            | Self::Cancelled
            | Self::Other => Delivery::Unknown,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Is the message out?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Proven: the platform has not accepted the message. Sending again cannot duplicate it.
    NotSent,
    /// The platform may or may not have it. Sending again may duplicate it.
    Unknown,
    /// The platform has it, although the response could not be used.
    Sent,
}

impl Delivery {
    /// The name in `snake_case`, as logs and JSON print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
        }
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a call failed, and whether the message is out all the same.
///
/// One pointer wide. `Display` is one line and does not repeat the source; neither it nor
/// `Debug` ever holds a secret, a message body or the query of an address.
///
/// ```
/// use ms_messenger_core::{Delivery, Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Timeout, "no response within 100 s").with_attempts(1);
/// assert_eq!(error.delivery(), Delivery::Unknown);
/// assert!(!error.is_safe_to_resend());
/// ```
///
/// A clone is the same error, its source included: callers who waited for one attempt share it.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone, Debug)]
struct Repr {
    kind: ErrorKind,
    delivery: Delivery,
    message: Cow<'static, str>,
    problems: Vec<Problem>,
    platform: Option<Cow<'static, str>>,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    client_request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    began_at: Option<SystemTime>,
    idempotency: Option<IdempotencyKey>,
    evidence: Option<Box<Evidence>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` with the delivery that its kind implies: `NotSent` for `Config`,
    /// `InvalidRequest`, `Unsupported`, `Unauthenticated`, `PermissionDenied`, `NotFound`,
    /// `RateLimited` and `Connect`, else `Unknown`.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Repr {
            kind,
            delivery: kind.default_delivery(),
            message: message.into(),
            problems: Vec::new(),
            platform: None,
            status: None,
            code: None,
            request_id: None,
            client_request_id: None,
            retry_after: None,
            attempts: 0,
            began_at: None,
            idempotency: None,
            evidence: None,
            source: None,
        }))
    }

    pub(crate) fn from_problems(kind: ErrorKind, problems: Vec<Problem>) -> Self {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let mut error = Self::new(kind, lines.join("; ")).with_delivery(Delivery::NotSent);
        error.0.problems = problems;
        error
    }

    /// Says what is known of the message.
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Names the platform, e.g. `msgraph-chat`.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<Cow<'static, str>>) -> Self {
        self.0.platform = Some(platform.into());
        self
    }

    /// Keeps the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Keeps the service's own error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Keeps the id under which the service knows the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = Some(request_id.into());
        self
    }

    /// Sets the id that this side gave the call.
    #[must_use]
    pub fn with_client_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.client_request_id = Some(id.into());
        self
    }

    /// Keeps how long the service asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Keeps how many tries were made (0: none reached the network).
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Keeps when the first try began; settling an unknown delivery needs it.
    #[must_use]
    pub fn with_began_at(mut self, began_at: SystemTime) -> Self {
        self.0.began_at = Some(began_at);
        self
    }

    /// Keeps the idempotency key under which the request went; settling needs it.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.0.idempotency = Some(key);
        self
    }

    /// Keeps everything that settling an unknown delivery needs.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence = Some(Box::new(evidence));
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Is the message out?
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The message alone, without platform, status and code.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Every rule that the input breaks; empty unless the input was refused locally.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// The platform that failed, e.g. `msgraph-chat`.
    #[must_use]
    pub fn platform(&self) -> Option<&str> {
        self.0.platform.as_deref()
    }

    /// The HTTP status of the last try, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's own error code, e.g. `TemplateNotFound`, or one that this side gave a failure
    /// of the connection: `untrusted_certificate` (the certificate of the server is not trusted),
    /// `foreign_response` (the response belongs to another request).
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id under which the service knows the request; quote it in support tickets.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The id that this side gave the call, the same for all its tries; there even when no
    /// answer came.
    #[must_use]
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// How long the service asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many tries were made; 0 when the request never reached the network.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// When the first try began, by the local clock.
    #[must_use]
    pub fn began_at(&self) -> Option<SystemTime> {
        let by_evidence = || self.evidence().map(|evidence| evidence.began_at);
        self.0.began_at.or_else(by_evidence)
    }

    /// What is known of the attempts. [`Evidence::of`] completes it by the other facts of the
    /// error, and is what settling takes.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_deref()
    }

    /// The idempotency key under which the request went.
    #[must_use]
    pub fn idempotency(&self) -> Option<&IdempotencyKey> {
        self.0.idempotency.as_ref()
    }

    /// Whether the cause may pass by itself, so that a later try may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::RateLimited
                | ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Transport
                | ErrorKind::Service
        )
    }

    /// Whether the same message can be sent again without a risk of a duplicate.
    /// Whether that helps is another question: see [`Error::is_transient`].
    #[must_use]
    pub fn is_safe_to_resend(&self) -> bool {
        self.0.delivery == Delivery::NotSent
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(platform) = self.platform() {
            write!(f, "{platform}: ")?;
        }
        write!(f, "{}", self.0.message)?;
        let mut facts = Vec::with_capacity(4);
        facts.extend(self.status().map(|status| format!("status {status}")));
        facts.extend(self.code().map(|code| format!("code {code}")));
        facts.extend(self.request_id().map(|id| format!("request id {id}")));
        facts.push(match self.0.delivery {
            Delivery::NotSent => "not sent".to_owned(),
            Delivery::Unknown => "delivery unknown".to_owned(),
            Delivery::Sent => "sent".to_owned(),
        });
        write!(f, " ({})", facts.join(", "))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_the_same_error_with_the_same_source() {
        let error = Error::new(ErrorKind::Service, "down")
            .with_delivery(Delivery::NotSent)
            .with_code("c")
            .with_retry_after(Duration::from_secs(1))
            .with_source(std::io::Error::other("the cause"));
        let clone = error.clone();
        assert_eq!(format!("{clone:?} {clone}"), format!("{error:?} {error}"));
        let source = clone.source().unwrap().downcast_ref::<std::io::Error>();
        assert_eq!(source.unwrap().to_string(), "the cause");
    }

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn display_is_one_line_with_the_facts_and_without_the_source() {
        let error = Error::new(ErrorKind::NotFound, "Template does not exist")
            .with_platform("acs-messages")
            .with_status(404)
            .with_code("TemplateNotFound")
            .with_request_id("abc")
            .with_source(std::io::Error::other("the cause"));
        assert_eq!(
            error.to_string(),
            "acs-messages: Template does not exist (status 404, code TemplateNotFound, request id abc, not sent)"
        );
        assert_eq!(error.source().unwrap().to_string(), "the cause");
    }

    #[test]
    fn an_error_of_a_broken_connection_does_not_claim_to_know() {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Transport,
            ErrorKind::Service,
            ErrorKind::Conflict,
            ErrorKind::Protocol,
            ErrorKind::Other,
        ] {
            let error = Error::new(kind, "x");
            assert_eq!(error.delivery(), Delivery::Unknown, "{kind}");
            assert!(!error.is_safe_to_resend(), "{kind}");
        }
    }

    #[test]
    fn refused_input_is_not_sent_and_lists_every_problem() {
        let error = Error::from_problems(
            ErrorKind::Unsupported,
            vec![Problem::new("a", "rule 1"), Problem::new("b", "rule 2")],
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.message(), "a: rule 1; b: rule 2");
        assert_eq!(error.problems().len(), 2);
    }
}
