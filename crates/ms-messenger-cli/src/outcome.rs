//! The JSON line in which a command reports how it ended.

use std::{borrow::Cow, error::Error as _, fmt, time::SystemTime};

use ms_messenger::{Error, Evidence, IdempotencyKey, Problem, Receipt, SendRequest};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    exit::Exit,
    files,
    terminal::{escaped, shown_line},
    text::{self, wording::in_own_terms},
};

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The platform accepted the message.
    Sent,
    /// A dry run found no problem.
    Checked,
    /// Settled: the message was sent.
    Found,
    /// Settled: the message was not sent and never will be.
    NotFound,
    /// Not settled: the message can still appear.
    NotYet,
    /// Not settled: it stays unknown whether the message was sent.
    CannotTell,
    /// It waits in the outbox, or is being sent.
    Waiting,
    /// Its time had passed before it was sent.
    Expired,
    /// It was cancelled before it was sent.
    Cancelled,
    /// The command failed.
    Error,
}

/// The line. It always has every member, in the order of the fields; unused ones are `null` or
/// empty.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    /// How the command ended.
    pub(crate) status: Status,
    /// The exit code of the process.
    pub(crate) exit_code: u8,
    /// `sent`, `not_sent` or `unknown`.
    pub(crate) delivery: &'static str,
    /// The target of the send.
    pub(crate) to: Option<&'a str>,
    /// The platform of the send.
    pub(crate) platform: Option<&'a str>,
    /// The kind of the error.
    pub(crate) kind: Option<&'a str>,
    /// The error, in words.
    pub(crate) message: Option<&'a str>,
    /// From the outermost to the innermost.
    pub(crate) causes: Vec<String>,
    /// What to do, in terms of this program.
    pub(crate) advice: Option<&'a str>,
    #[serde(serialize_with = "problems")]
    pub(crate) problems: &'a [Problem],
    #[serde(serialize_with = "problems")]
    pub(crate) warnings: &'a [Problem],
    /// HTTP status of the response.
    pub(crate) http_status: Option<u16>,
    /// The service's own error code.
    pub(crate) code: Option<&'a str>,
    /// `None` when unknown.
    pub(crate) attempts: Option<u32>,
    /// The service's id of the request.
    pub(crate) request_id: Option<&'a str>,
    /// Time that the service asks to wait, in seconds.
    pub(crate) retry_after_seconds: Option<f64>,
    /// Idempotency key of the send.
    pub(crate) idempotency: Option<&'a IdempotencyKey>,
    /// Receipt of a message that was sent.
    pub(crate) receipt: Option<ReceiptForm<'a>>,
    /// The request, when it is unknown whether it was sent.
    pub(crate) request: Option<&'a SendRequest>,
    /// What `msm settle` needs.
    pub(crate) evidence: Option<&'a Evidence>,
    /// Earliest time at which another `msm settle` can find out more.
    pub(crate) settle_after: Option<&'a str>,
    /// Its place in an outbox.
    pub(crate) outbox: Option<&'a OutboxPlace>,
    /// What was reported of the message after it was sent.
    pub(crate) reported: Option<&'a str>,
    /// The request that a send would make.
    pub(crate) preview: Option<&'a Value>,
}

/// Where a message waits that was handed over to an outbox.
#[derive(Debug, Serialize)]
pub(crate) struct OutboxPlace {
    /// The address of the outbox.
    pub(crate) store: String,
    /// The id of the message in it.
    pub(crate) id: String,
    /// The time before which it is not sent.
    pub(crate) not_before: String,
}

impl Line<'_> {
    /// Returns a line with only these members set.
    pub(crate) fn new(status: Status, exit: Exit) -> Self {
        Self {
            status,
            exit_code: exit.code(),
            delivery: exit.delivery().as_str(),
            to: None,
            platform: None,
            kind: None,
            message: None,
            causes: Vec::new(),
            advice: None,
            problems: &[],
            warnings: &[],
            http_status: None,
            code: None,
            attempts: None,
            request_id: None,
            retry_after_seconds: None,
            idempotency: None,
            receipt: None,
            request: None,
            evidence: None,
            settle_after: None,
            outbox: None,
            reported: None,
            preview: None,
        }
    }
}

impl<'a> Line<'a> {
    /// Returns the line of an error.
    pub(crate) fn of(error: &'a Error, exit: Exit) -> Self {
        Self {
            delivery: error.delivery().as_str(),
            platform: error.platform(),
            kind: Some(error.kind().as_str()),
            message: Some(error.message()),
            causes: causes(error),
            problems: error.problems(),
            http_status: error.status(),
            code: error.code(),
            attempts: Some(error.attempts()),
            request_id: error.request_id(),
            retry_after_seconds: error.retry_after().map(|wait| wait.as_secs_f64()),
            idempotency: error.idempotency(),
            ..Self::new(Status::Error, exit)
        }
    }

    /// Returns the line of a receipt.
    pub(crate) fn sent(platform: &'a str, receipt: &'a Receipt) -> Self {
        Self {
            platform: Some(platform),
            request_id: receipt.request_id.as_deref(),
            receipt: Some(ReceiptForm::of(receipt)),
            ..Self::new(Status::Sent, Exit::Success)
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All keys are strings, so this cannot fail.
        f.write_str(&escaped(&serde_json::to_string(self).unwrap_or_default()))
    }
}

/// JSON form of a receipt, with all members.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptForm<'a> {
    acceptance: &'static str,
    message_id: Option<&'a str>,
    conversation: Option<&'a str>,
    accepted_at: Option<String>,
    request_id: Option<&'a str>,
    web_url: Option<&'a str>,
}

impl<'a> ReceiptForm<'a> {
    fn of(receipt: &'a Receipt) -> Self {
        Self {
            acceptance: receipt.acceptance.as_str(),
            message_id: receipt.message_id.as_ref().map(|id| id.as_str()),
            conversation: receipt.conversation.as_ref().map(|id| id.as_str()),
            accepted_at: receipt.accepted_at.map(moment),
            request_id: receipt.request_id.as_deref(),
            web_url: receipt.web_url.as_deref(),
        }
    }
}

/// Formats a time as RFC 3339, in seconds.
pub(crate) fn moment(time: SystemTime) -> String {
    const YEAR_10000: u64 = 253_402_300_800;
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    // RFC 3339 has years of four digits.
    if since.is_ok_and(|since| since.as_secs() < YEAR_10000) {
        humantime::format_rfc3339_seconds(time).to_string()
    } else {
        text::outcome::TIME_OUT_OF_RANGE.to_owned()
    }
}

/// Writes problems with field and rule.
fn problems<S: Serializer>(problems: &[Problem], to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form<'a> {
        field: &'a str,
        rule: Cow<'a, str>,
    }
    to.collect_seq(problems.iter().map(|problem| Form {
        field: &problem.field,
        rule: in_own_terms(&problem.rule),
    }))
}

/// Length limit of one cause, in characters.
const LONGEST_CAUSE: usize = 300;

/// Returns the causes of an error from the outermost to the innermost: one line each, without what
/// the message or the cause before says already.
pub(crate) fn causes(error: &Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let message = one_line(error.message());
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = one_line(&in_own_terms(&files::cause(error)));
        if !causes.last().unwrap_or(&message).ends_with(&text) {
            causes.push(text);
        }
        cause = error.source();
    }
    causes
}

/// A terminal obeys control characters, and a log counts lines.
pub(crate) fn one_line(text: &str) -> String {
    let text = shown_line(text).replace('\u{fffd}', " ");
    match text.char_indices().nth(LONGEST_CAUSE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger::{Acceptance, ErrorKind};
    use serde_json::{Value, json};

    use super::*;

    fn members(line: &Line<'_>) -> Vec<String> {
        let text = line.to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut members: Vec<(usize, String)> = value
            .as_object()
            .unwrap()
            .keys()
            .map(|name| (text.find(&format!("\"{name}\":")).unwrap(), name.clone()))
            .collect();
        members.sort();
        members.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn success_and_error_have_the_same_members_in_the_same_order() {
        let receipt = Receipt::new(Acceptance::Queued);
        let error = Error::new(ErrorKind::Timeout, "no response in time");
        let sent = Line::sent("acs-chat", &receipt);
        let failed = Line::of(&error, Exit::of(&error));
        assert_eq!(members(&sent), members(&failed));
        assert_eq!(members(&sent)[..3], ["status", "exit_code", "delivery"]);
        let value = serde_json::to_value(&sent).unwrap();
        let receipt = json!({
            "acceptance": "queued", "message_id": null, "conversation": null, "accepted_at": null,
            "request_id": null, "web_url": null,
        });
        assert_eq!(value["receipt"], receipt);
    }

    #[test]
    fn an_error_is_one_line_with_all_its_causes() {
        let innermost = std::io::Error::other("certificate\nunknown");
        let cause = Error::new(ErrorKind::Connect, "handshake").with_source(innermost);
        let error = Error::new(ErrorKind::Connect, "no\nconnection")
            .with_platform("acs-chat")
            .with_attempts(4)
            .with_source(cause);
        let line = Line::of(&error, Exit::of(&error)).to_string();
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "status": "error", "exit_code": 7, "delivery": "not_sent", "to": null, "platform": "acs-chat",
            "kind": "connect", "message": "no\nconnection",
            "causes": ["handshake (not sent)", "certificate unknown"], "advice": null,
            "problems": [], "warnings": [], "http_status": null, "code": null, "attempts": 4,
            "request_id": null, "retry_after_seconds": null, "idempotency": null, "receipt": null,
            "request": null, "evidence": null, "settle_after": null, "outbox": null, "reported": null, "preview": null,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn causes_are_short_and_times_beyond_the_year_9999_are_out_of_range() {
        assert_eq!(
            one_line(&"é".repeat(400)).chars().count(),
            LONGEST_CAUSE + 1
        );
        assert_eq!(one_line("a\u{1b}[31m\r\nb"), "a [31m b");
        let far = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 40);
        assert_eq!(moment(far), "out of range");
        assert_eq!(moment(SystemTime::UNIX_EPOCH), "1970-01-01T00:00:00Z");
    }
}
