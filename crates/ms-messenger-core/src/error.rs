//! The one error type.

use std::{
    borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration, time::SystemTime,
};

pub(crate) use crate::error_kind::{Delivery, ErrorKind};
use crate::{clause::clause, idempotency::IdempotencyKey, problem::Problem, settle::Evidence};

/// A result whose error says whether the message was sent.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, and whether the message was sent nevertheless.
///
/// One pointer wide. `Display` is one line and does not repeat the source. Neither it nor `Debug`
/// nor the JSON form contains a secret, a message body or the query of a URL.
///
/// ```
/// use ms_messenger_core::{Delivery, Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Timeout, "no response within 100 s").with_attempts(1);
/// assert_eq!(error.delivery(), Delivery::Unknown);
/// assert!(!error.is_safe_to_resend());
/// ```
///
/// A clone is the same error, including its source: callers that waited for one attempt share it.
///
/// # JSON form
///
/// For logs and journals; it is written and not read back. `delivery`, `kind`, `message` and
/// `attempts` are always there, other members only if they are known. `causes` are the texts of
/// the sources, from the nearest to the innermost, one line of at most 300 characters each.
/// `evidence` is there for an unknown delivery, see [`Evidence::of`].
///
/// ```json
/// {"delivery": "not_sent", "platform": "acs-messages", "kind": "not_found",
///  "message": "Template does not exist", "http_status": 404, "code": "TemplateNotFound",
///  "attempts": 1, "request_id": "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5"}
/// ```
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
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
    operation: Option<Cow<'static, str>>,
    began_at: Option<SystemTime>,
    idempotency: Option<IdempotencyKey>,
    evidence: Option<Box<Evidence>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Creates an error of `kind` with the delivery that the kind implies: `NotSent` for `Config`,
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
            operation: None,
            began_at: None,
            idempotency: None,
            evidence: None,
            source: None,
        }))
    }

    /// Creates an error of kind `InvalidRequest` for one `field` that breaks one `rule`. For
    /// another kind see [`Problem::into_error`], for several problems
    /// [`Problems`](crate::Problems).
    ///
    /// ```
    /// use ms_messenger_core::{Delivery, Error};
    ///
    /// let error = Error::invalid("message.body.text", "must not be empty").with_platform("sms");
    /// assert_eq!(error.to_string(), "sms: message.body.text: must not be empty (not sent)");
    /// assert_eq!(error.problems()[0].field, "message.body.text");
    /// ```
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::from_problems(ErrorKind::InvalidRequest, vec![Problem::new(field, rule)])
    }

    pub(crate) fn from_problems(kind: ErrorKind, problems: Vec<Problem>) -> Self {
        let mut error = Self::new(kind, joined(&problems)).with_delivery(Delivery::NotSent);
        error.0.problems = problems;
        error
    }

    /// Names the fields of its problems as `name` returns them, e.g. by the options of a program; those
    /// for which it returns `None` stay. So does a message that was replaced.
    ///
    /// ```
    /// use ms_messenger_core::Error;
    ///
    /// let error = Error::invalid("message.body.text", "must not be empty");
    /// let error = error.with_field_names(|field| {
    ///     (field == "message.body.text").then(|| "--text".to_owned())
    /// });
    /// assert_eq!(error.message(), "--text: must not be empty");
    /// ```
    #[must_use]
    pub fn with_field_names(mut self, name: impl Fn(&str) -> Option<String>) -> Self {
        let is_of_problems = self.0.message == joined(&self.0.problems);
        for problem in &mut self.0.problems {
            if let Some(name) = name(&problem.field) {
                problem.field = name;
            }
        }
        if is_of_problems {
            self.0.message = joined(&self.0.problems).into();
        }
        self
    }

    /// Replaces the message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Sets what is known of the message.
    #[must_use]
    pub fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// Sets the platform, e.g. `msgraph-chat`.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<Cow<'static, str>>) -> Self {
        self.0.platform = Some(platform.into());
        self
    }

    /// Sets the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the service's own error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the id that the service assigned to the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = Some(request_id.into());
        self
    }

    /// Sets the id that the client assigned to the call.
    #[must_use]
    pub fn with_client_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.client_request_id = Some(id.into());
        self
    }

    /// Sets how long the service asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.0.retry_after = Some(retry_after);
        self
    }

    /// Sets how many attempts were made (0: none reached the network).
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Names the operation that failed, e.g. `identity.create`, where it sends no message and
    /// still must not run twice. [`delivery`](Self::delivery) then says whether it was executed.
    ///
    /// ```
    /// use ms_messenger_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Timeout, "no response in time").with_operation("user.create");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "no response in time (unknown whether user.create was executed)"
    /// );
    /// ```
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Sets when the first attempt began; settling an unknown delivery needs it.
    #[must_use]
    pub fn with_began_at(mut self, began_at: SystemTime) -> Self {
        self.0.began_at = Some(began_at);
        self
    }

    /// Sets the idempotency key of the request; settling needs it.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.0.idempotency = Some(key);
        self
    }

    /// Sets everything that settling an unknown delivery needs.
    #[must_use]
    pub fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence = Some(Box::new(evidence));
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether the message was sent.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Returns the text alone, without platform, status and code.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns every rule that the input breaks; empty unless the input was rejected locally.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Returns the platform that failed, e.g. `msgraph-chat`.
    pub fn platform(&self) -> Option<&str> {
        self.0.platform.as_deref()
    }

    /// Returns the HTTP status of the last attempt, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the service's own error code, e.g. `TemplateNotFound`, or the client's code for a
    /// failure of the connection: `untrusted_certificate` (the certificate of the server is not
    /// trusted), `foreign_response` (the response belongs to another request).
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the id that the service assigned to the request; quote it in support tickets.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the id that the client assigned to the call, the same for all its attempts. It is
    /// known even without a response.
    pub fn client_request_id(&self) -> Option<&str> {
        self.0.client_request_id.as_deref()
    }

    /// Returns how long the service asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns how many attempts were made; 0 if the request never reached the network.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the operation that failed, if it is not the send of a message but still must not run
    /// twice.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Returns when the first attempt began, by the local clock.
    pub fn began_at(&self) -> Option<SystemTime> {
        let by_evidence = || self.evidence().map(|evidence| evidence.began_at);
        self.0.began_at.or_else(by_evidence)
    }

    /// Returns what is known of the attempts. [`Evidence::of`] completes it by the other facts of
    /// the error, and is what settling needs.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_deref()
    }

    /// Returns the idempotency key of the request.
    pub fn idempotency(&self) -> Option<&IdempotencyKey> {
        self.0.idempotency.as_ref()
    }

    /// Returns whether the cause may be temporary, so that a later attempt may succeed.
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

    /// Returns whether the same message can be sent again without the risk of a duplicate.
    /// Whether it would succeed is another question: see [`is_transient`](Self::is_transient).
    pub fn is_safe_to_resend(&self) -> bool {
        self.0.delivery == Delivery::NotSent
    }
}

/// Returns the problems in one line.
fn joined(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(platform) = self.platform() {
            write!(f, "{platform}: ")?;
        }
        // The facts follow.
        f.write_str(clause(&self.0.message))?;
        let mut facts = Vec::with_capacity(4);
        facts.extend(self.status().map(|status| format!("status {status}")));
        facts.extend(self.code().map(|code| format!("code {code}")));
        facts.extend(self.request_id().map(|id| format!("request id {id}")));
        facts.push(match (self.operation(), self.0.delivery) {
            (None, Delivery::NotSent) => "not sent".to_owned(),
            (None, Delivery::Unknown) => "delivery unknown".to_owned(),
            (None, Delivery::Sent) => "sent".to_owned(),
            (Some(operation), Delivery::NotSent) => format!("{operation} was not executed"),
            (Some(operation), Delivery::Unknown) => {
                format!("unknown whether {operation} was executed")
            }
            (Some(operation), Delivery::Sent) => format!("{operation} was executed"),
        });
        write!(f, " ({})", facts.join(", "))
    }
}

/// Lists what is known.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repr = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", &repr.kind)
            .field("delivery", &repr.delivery)
            .field("message", &repr.message);
        if !repr.problems.is_empty() {
            out.field("problems", &repr.problems);
        }
        let facts: [(&str, Option<&dyn fmt::Debug>); 10] = [
            ("platform", debug(&repr.platform)),
            ("operation", debug(&repr.operation)),
            ("status", debug(&repr.status)),
            ("code", debug(&repr.code)),
            ("request_id", debug(&repr.request_id)),
            ("client_request_id", debug(&repr.client_request_id)),
            ("retry_after", debug(&repr.retry_after)),
            ("began_at", debug(&repr.began_at)),
            ("idempotency", debug(&repr.idempotency)),
            ("evidence", debug(&repr.evidence)),
        ];
        for (name, fact) in facts {
            if let Some(fact) = fact {
                out.field(name, fact);
            }
        }
        out.field("attempts", &repr.attempts);
        if let Some(source) = &repr.source {
            out.field("source", source);
        }
        out.finish()
    }
}

fn debug<T: fmt::Debug>(fact: &Option<T>) -> Option<&dyn fmt::Debug> {
    fact.as_ref().map(|fact| fact as _)
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
    fn no_full_stop_stands_before_the_facts() {
        let error = Error::new(ErrorKind::Service, "Injected by a fault rule.").with_status(503);
        let text = "Injected by a fault rule (status 503, delivery unknown)";
        assert_eq!(error.to_string(), text);
        assert_eq!(error.message(), "Injected by a fault rule.");
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
    fn debug_is_named_after_the_type_and_lists_what_is_known() {
        let error = Error::new(ErrorKind::NotFound, "no such thread").with_status(404);
        assert_eq!(
            format!("{error:?}"),
            "Error { kind: NotFound, delivery: NotSent, message: \"no such thread\", \
             status: 404, attempts: 0 }"
        );
    }
}
