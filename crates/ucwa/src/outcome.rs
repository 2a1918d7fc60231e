//! The outcome of a send.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    ClockOffset, ConversationId, Deadline, Delivery, Error, ErrorKind, Evidence, Mark, MarkKind,
    MessageId, Reached, Result,
};

use crate::{
    error::PLATFORM,
    reason::{ErrorCode, ErrorSubcode, Reason},
    verdict::Verdict,
    words::{WORDS, line},
};

/// The outcome of a send. Every failure has an [`Error`] whose `delivery()` says whether the
/// message was sent, and from which [`Reason::of`] reads the codes of the server.
///
/// ```
/// use ucwa::UcwaOutcome;
///
/// fn log(outcome: &UcwaOutcome) {
///     match outcome {
///         UcwaOutcome::Delivered(message) => println!("delivered in {}", message.conversation),
///         UcwaOutcome::Unknown(error) => println!("settle it later: {error}"),
///         other => println!("not sent: {:?}", other.error()),
///     }
/// }
/// # let failed = ms_messenger_core::Error::invalid("text", "must not be empty");
/// # log(&UcwaOutcome::Failed(failed));
/// ```
/// | Outcome | `delivery()` of its error | What the recipient has |
/// |---|---|---|
/// | `Delivered` | | the message |
/// | `Failed` | `NotSent` | nothing; a check, the server or the recipient's client refused |
/// | `Declined` | `NotSent` | an invitation, which was declined |
/// | `TimedOut` | `NotSent` | an invitation, or a message that was not fetched in time |
/// | `Unknown` | `Unknown` | nothing or the message: settle it later |
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "a message that is not delivered says so here and nowhere else"]
pub enum UcwaOutcome {
    /// The recipient received it; for a meeting, see [`DeliveredMessage::to_everyone`].
    Delivered(DeliveredMessage),
    /// It was refused by a check or by the server; it was not sent.
    Failed(Error),
    /// The recipient declined; it was not sent.
    Declined(Error),
    /// The recipient did not respond in time; it was not sent.
    TimedOut(Error),
    /// Unknown whether it was sent: the response was lost and no event reported it. It is never
    /// sent again automatically.
    Unknown(Error),
}

/// A message that was delivered.
/// ```
/// use ucwa::DeliveredMessage;
///
/// /// The participants of a meeting that need the message by another way.
/// fn missing(message: &DeliveredMessage) -> Option<&[String]> {
///     (!message.to_everyone).then_some(&message.failed_participants)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveredMessage {
    /// Its id: valid in this session only. `None` if an invitation carried it.
    pub message_id: Option<MessageId>,
    /// The conversation: valid in this session, while it is open.
    pub conversation: ConversationId,
    /// When the server took it.
    pub at: Option<SystemTime>,
    /// The participants of a meeting that did not receive it, as far as the server named them.
    pub failed_participants: Vec<String>,
    /// Whether every participant received it. `false` if the server names some that did not, or if
    /// that could not be read.
    pub to_everyone: bool,
    /// The server's id of the request.
    pub request_id: Option<String>,
}

impl DeliveredMessage {
    /// Combines this part of a message with the next one.
    pub(crate) fn and(self, next: Self) -> Self {
        let mut failed = self.failed_participants;
        let news = next.failed_participants.into_iter();
        failed.extend(news.filter(|it| !failed.contains(it)).collect::<Vec<_>>());
        Self {
            failed_participants: failed,
            to_everyone: self.to_everyone && next.to_everyone,
            ..next
        }
    }
}

impl UcwaOutcome {
    /// Returns whether the message was delivered.
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered(_))
    }

    /// Returns the error of a message that was not delivered.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Delivered(_) => None,
            Self::Failed(error)
            | Self::Declined(error)
            | Self::TimedOut(error)
            | Self::Unknown(error) => Some(error),
        }
    }

    /// Returns the outcome as a result.
    ///
    /// # Errors
    ///
    /// The error of every outcome except `Delivered`.
    /// ```
    /// use ms_messenger_core::{Result, SipUri};
    /// use ucwa::UcwaSession;
    ///
    /// async fn report(session: &UcwaSession, to: SipUri) -> Result<()> {
    ///     let message = session.send(to, "Build 42 is green").await.into_result()?;
    ///     println!("delivered in {}", message.conversation);
    ///     Ok(())
    /// }
    /// ```
    pub fn into_result(self) -> Result<DeliveredMessage> {
        match self {
            Self::Delivered(delivered) => Ok(delivered),
            Self::Failed(error)
            | Self::Declined(error)
            | Self::TimedOut(error)
            | Self::Unknown(error) => Err(error),
        }
    }

    /// Adds to an unknown outcome what settling needs: when the send ran, by which clock, and the
    /// operation id, by which alone it can be recognised.
    pub(crate) fn marked(
        self,
        began_at: SystemTime,
        margin: Duration,
        clock: Option<ClockOffset>,
        operation: Option<&str>,
    ) -> Self {
        let Self::Unknown(mut error) = self else {
            return self;
        };
        let ended_at = SystemTime::now();
        let mut evidence = Evidence::new(began_at)
            .with_platform(PLATFORM)
            .with_end(ended_at, ended_at + margin);
        if let Some(clock) = clock {
            evidence = evidence.with_service_clock(clock);
        }
        if let Some(operation) = operation {
            evidence = evidence.with_mark(Mark::new(MarkKind::OperationId, operation));
            error = error.with_client_request_id(operation);
        }
        Self::Unknown(error.with_began_at(began_at).with_evidence(evidence))
    }

    /// The outcome of a failed call, by what its error proves about the message.
    pub(crate) fn of(error: Error) -> Self {
        match error.delivery() {
            Delivery::NotSent => Self::Failed(error),
            _ => Self::Unknown(error),
        }
    }

    /// A refusal by the server or the recipient that an event reported: the message was not sent.
    pub(crate) fn refused(what: &str, reason: Option<&Reason>) -> Self {
        let kind = reason.map_or(ErrorKind::Other, kind);
        let said = reason.map_or_else(|| "the server gave no reason".to_owned(), Reason::to_string);
        let words = reason.and_then(|reason| reason.message.as_deref());
        let message = match words {
            Some(words) => line(&format!("{what}: {said}: {words}"), WORDS),
            None => line(&format!("{what}: {said}"), WORDS),
        };
        let mut error = Error::new(kind, message)
            .with_platform(PLATFORM)
            .with_delivery(Delivery::NotSent);
        if let Some(reason) = reason {
            error = error.with_code(reason.to_string());
        }
        match reason.and_then(|reason| reason.subcode.as_ref()) {
            Some(ErrorSubcode::Declined) => Self::Declined(error),
            Some(ErrorSubcode::Timeout | ErrorSubcode::Missed | ErrorSubcode::Expired) => {
                Self::TimedOut(error)
            }
            _ => Self::Failed(error),
        }
    }

    /// The same for a message that the server had been given: the recipient may have seen it
    /// before refusing.
    pub(crate) fn refused_after(what: &str, reason: Option<&Reason>) -> Self {
        match Self::refused(what, reason).into_result() {
            Ok(delivered) => Self::Delivered(delivered),
            Err(error) => Self::Unknown(error.with_delivery(Delivery::Unknown)),
        }
    }

    /// What the end of an invitation proves about the message that it carried.
    pub(crate) fn of_invitation(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Delivered(arrival) => Self::Delivered(DeliveredMessage {
                message_id: None,
                conversation: arrival.href.into(),
                at: None,
                failed_participants: Vec::new(),
                to_everyone: true,
                request_id: None,
            }),
            Verdict::Failed(reason) => {
                let what = "the invitation with the message failed";
                Self::refused_after(what, reason.as_ref())
            }
            Verdict::Unsaid => Self::unknown(
                ErrorKind::Other,
                "the invitation ended, but the server did not say how",
            ),
            Verdict::Lost(why) => Self::unknown(ErrorKind::Other, why),
        }
    }

    /// A message with the first `arrived` of `parts` delivered before the error.
    pub(crate) fn partly(arrived: usize, parts: usize, error: Error) -> Self {
        let message = format!(
            "{arrived} of {parts} parts arrived, then: {}",
            error.message()
        );
        Self::Unknown(
            Error::new(error.kind(), message)
                .with_platform(PLATFORM)
                .with_delivery(Delivery::Unknown)
                .with_source(error),
        )
    }

    /// No response before the deadline; nothing was sent.
    pub(crate) fn timed_out(deadline: &Deadline, message: &'static str) -> Self {
        let error = early(deadline, message).with_delivery(Delivery::NotSent);
        match error.kind() {
            ErrorKind::Cancelled => Self::Failed(error),
            _ => Self::TimedOut(error),
        }
    }

    /// It was posted, and nothing reported the outcome before the deadline.
    pub(crate) fn unanswered(deadline: &Deadline, message: &'static str) -> Self {
        Self::Unknown(early(deadline, message).with_delivery(Delivery::Unknown))
    }

    /// It was posted, and nothing reported the outcome.
    pub(crate) fn unknown(kind: ErrorKind, message: &'static str) -> Self {
        Self::Unknown(
            Error::new(kind, message)
                .with_platform(PLATFORM)
                .with_delivery(Delivery::Unknown),
        )
    }
}

/// The error of a send that ended before its outcome.
fn early(deadline: &Deadline, message: &'static str) -> Error {
    let error = match deadline.reached() {
        Some(Reached::Cancelled) => Reached::Cancelled.into_error(),
        _ => Error::new(ErrorKind::Timeout, message),
    };
    error.with_platform(PLATFORM)
}

fn kind(reason: &Reason) -> ErrorKind {
    use ErrorSubcode as Sub;
    match (&reason.code, reason.subcode.as_ref()) {
        (_, Some(Sub::DestinationNotFound | Sub::ConversationNotFound))
        | (ErrorCode::NotFound | ErrorCode::Gone, _) => ErrorKind::NotFound,
        (_, Some(Sub::NotAllowed | Sub::FederationRequired | Sub::Denied))
        | (ErrorCode::Forbidden, _) => ErrorKind::PermissionDenied,
        (_, Some(Sub::Timeout | Sub::Missed | Sub::Expired))
        | (ErrorCode::Timeout | ErrorCode::GatewayTimeout, _) => ErrorKind::Timeout,
        (ErrorCode::TooManyRequests, _) => ErrorKind::RateLimited,
        (ErrorCode::ServiceFailure | ErrorCode::ServiceUnavailable, _) => ErrorKind::Service,
        _ => ErrorKind::Other,
    }
}
