//! The JSON line of a message in an outbox.

use ms_messenger::{ErrorKind, Evidence, IdempotencyKey, Problem, SendRequest};
use ms_messenger_outbox::{Head, State};
use serde::{Deserialize, Serialize};

use crate::{
    exit::Exit,
    outcome::{Line, Status, one_line},
    terminal::escaped,
    text,
};

/// Returns the state as which a message is counted: what was not sent by its last attempts may have been
/// sent by an earlier one.
pub(crate) fn counted_as(head: &Head) -> State {
    match head.state {
        State::Refused | State::Expired | State::Cancelled if head.was_resent => State::Unconfirmed,
        state => state,
    }
}

/// A message as it is stored, and the facts of its last error.
#[derive(Debug)]
pub(crate) struct Stored<'a> {
    head: &'a Head,
    facts: Facts,
    kind: Option<ErrorKind>,
    evidence: Option<Evidence>,
    advice: Option<String>,
}

/// The members of an error in its JSON form that a line has.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts {
    kind: Option<String>,
    message: Option<String>,
    causes: Vec<String>,
    problems: Vec<Problem>,
    http_status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    retry_after_seconds: Option<f64>,
    idempotency: Option<IdempotencyKey>,
}

/// The line of a stored message: those members, then those of every line.
#[derive(Debug, Serialize)]
pub(crate) struct StoredLine<'a> {
    id: &'a str,
    /// The line of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    state: State,
    #[serde(flatten)]
    rest: Line<'a>,
}

impl<'a> Stored<'a> {
    /// Reads a message; `store` is its address, for the advice.
    pub(crate) fn new(head: &'a Head, store: &str) -> Self {
        let facts = head.error.clone().map(serde_json::from_value::<Facts>);
        let facts = facts.and_then(Result::ok).unwrap_or_default();
        let kind = facts.kind.as_deref().and_then(|kind| kind.parse().ok());
        // Before its outcome is noted, only the attempt itself is known.
        let attempt = head.attempt.as_ref().map(|it| &it.evidence);
        let evidence = head.evidence.as_ref().or(attempt).cloned();
        let advice = match head.state {
            State::Unconfirmed => Some(text::outbox::settle(store)),
            State::Sent | State::Sending => None,
            _ => head.was_resent.then(|| text::outbox::RESENT.to_owned()),
        };
        Self {
            head,
            facts,
            kind,
            evidence,
            advice,
        }
    }

    /// Returns what the state means for a script.
    pub(crate) fn exit(&self) -> Exit {
        match self.head.state {
            State::Sent if self.head.receipt.is_none() => Exit::SentUnread,
            State::Sent => Exit::Success,
            _ if self.head.was_resent => Exit::Unknown,
            State::Refused => self.kind.map_or(Exit::Rejected, Exit::of_not_sent),
            State::Queued | State::Expired | State::Cancelled => Exit::Temporary,
            _ => Exit::Unknown,
        }
    }

    /// Returns the line. `request` is printed if it is unknown whether it was sent.
    pub(crate) fn line(
        &'a self,
        number: Option<u64>,
        request: Option<&'a SendRequest>,
    ) -> StoredLine<'a> {
        StoredLine {
            id: self.head.id.as_str(),
            line: number,
            state: self.head.state,
            rest: self.rest(request),
        }
    }

    fn rest(&'a self, request: Option<&'a SendRequest>) -> Line<'a> {
        let exit = self.exit();
        let head = self.head;
        if let (State::Sent, Some(receipt)) = (head.state, &head.receipt) {
            return Line {
                attempts: Some(head.attempts),
                ..Line::sent(&head.route, receipt)
            };
        }
        let facts = &self.facts;
        let status = match head.state {
            State::Queued | State::Sending => Status::Waiting,
            State::Expired => Status::Expired,
            State::Cancelled => Status::Cancelled,
            State::Sent => Status::Sent,
            _ => Status::Error,
        };
        let own = Some(text::outbox::reason(head.state));
        let is_unknown = exit == Exit::Unknown;
        Line {
            platform: Some(&head.route),
            kind: facts.kind.as_deref(),
            message: facts.message.as_deref().or(own),
            causes: facts.causes.clone(),
            advice: self.advice.as_deref(),
            problems: &facts.problems,
            http_status: facts.http_status,
            code: facts.code.as_deref(),
            attempts: Some(head.attempts),
            request_id: facts.request_id.as_deref(),
            retry_after_seconds: facts.retry_after_seconds,
            idempotency: facts.idempotency.as_ref(),
            request: request.filter(|_| is_unknown),
            evidence: self.evidence.as_ref().filter(|_| is_unknown),
            ..Line::new(status, exit)
        }
    }

    /// Returns the kind of the last error, if there is one.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }

    /// Returns whether it waits for a key that the outbox lacked.
    pub(crate) fn is_sealed(&self) -> bool {
        self.facts.code.as_deref() == Some("sealed")
    }

    /// Returns the text of the last error with its innermost cause, if there is one.
    pub(crate) fn reason(&self) -> Option<String> {
        let message = self.facts.message.as_deref()?;
        Some(match self.facts.causes.last() {
            Some(cause) => text::outcome::with_cause(message, &one_line(cause)),
            None => message.to_owned(),
        })
    }
}

impl<'a> StoredLine<'a> {
    /// Returns the line with the verdict on a message.
    pub(crate) fn settled(mut self, status: Status, then: Option<&'a str>) -> Self {
        self.rest.status = status;
        self.rest.settle_after = then;
        self
    }
}

impl std::fmt::Display for StoredLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // All keys are strings, so this cannot fail.
        f.write_str(&escaped(&serde_json::to_string(self).unwrap_or_default()))
    }
}
