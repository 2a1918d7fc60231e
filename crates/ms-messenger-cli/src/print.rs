//! What goes to standard output and standard error.

use std::{
    error::Error as _,
    fmt,
    io::{self, Write as _},
    time::SystemTime,
};

use ms_messenger::{Delivery, Error, IdempotencyKey, Receipt};
use serde::Serialize;
use serde_json::json;

use crate::exit::Exit;

/// Writes one result to standard output.
///
/// # Errors
///
/// When standard output is gone.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Writes one line for people. Nobody may be reading: that is no failure.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says why a command failed, and with which exit code.
pub(crate) fn failure(message: &str, exit: Exit) -> Exit {
    note(format_args!("error: {message}"));
    exit
}

/// The JSON line of a receipt.
pub(crate) fn sent_line(platform: &str, receipt: &Receipt) -> String {
    #[derive(Serialize)]
    struct Sent<'a> {
        status: &'static str,
        platform: &'a str,
        receipt: &'a Receipt,
    }
    line(&Sent {
        status: "sent",
        platform,
        receipt,
    })
}

/// The JSON line of a check that found nothing.
pub(crate) fn checked_line(platform: &str) -> String {
    line(&json!({"status": "checked", "platform": platform}))
}

/// The JSON line of an error. Every member is always there.
pub(crate) fn error_line(error: &Error, exit: Exit) -> String {
    #[derive(Serialize)]
    struct Failed<'a> {
        status: &'static str,
        kind: &'a str,
        delivery: &'a str,
        platform: Option<&'a str>,
        message: &'a str,
        problems: Vec<serde_json::Value>,
        http_status: Option<u16>,
        code: Option<&'a str>,
        attempts: u32,
        request_id: Option<&'a str>,
        retry_after_seconds: Option<f64>,
        idempotency: Option<&'a IdempotencyKey>,
        exit_code: u8,
    }
    let problems = error.problems().iter();
    line(&Failed {
        status: "error",
        kind: error.kind().as_str(),
        delivery: error.delivery().as_str(),
        platform: error.platform(),
        message: error.message(),
        problems: problems
            .map(|p| json!({"field": p.field, "rule": p.rule}))
            .collect(),
        http_status: error.status(),
        code: error.code(),
        attempts: error.attempts(),
        request_id: error.request_id(),
        retry_after_seconds: error.retry_after().map(|wait| wait.as_secs_f64()),
        idempotency: error.idempotency(),
        exit_code: exit.code(),
    })
}

fn line<T: Serialize>(value: &T) -> String {
    // These types have string keys only, so that it cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A receipt in words.
pub(crate) fn sent_text(platform: &str, receipt: &Receipt) -> String {
    let mut text = format!("{platform}: {}", receipt.acceptance);
    if let Some(id) = &receipt.message_id {
        text.push_str(&format!(", message {id}"));
    }
    if let Some(id) = &receipt.conversation {
        text.push_str(&format!(", in {id}"));
    }
    text
}

/// An error in words, with what to do.
pub(crate) fn error_text(error: &Error, exit: Exit) -> String {
    let mut text = if error.problems().len() > 1 {
        let platform = error.platform().map(|name| format!("{name}: "));
        let mut text = format!("error: {}refused (not sent)", platform.unwrap_or_default());
        for problem in error.problems() {
            text.push_str(&format!("\n  {problem}"));
        }
        text
    } else {
        format!("error: {error}")
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    let (meaning, remedy) = exit.meaning();
    text.push_str(&format!("\nexit code {}: {meaning}; {remedy}", exit.code()));
    if let Some(key) = error
        .idempotency()
        .filter(|_| error.delivery() == Delivery::Unknown)
    {
        text.push('\n');
        text.push_str(&again(key));
    }
    text
}

/// How to run a send again so that the platform recognises it.
fn again(key: &IdempotencyKey) -> String {
    let still_known = SystemTime::now()
        .duration_since(key.first_sent)
        .is_ok_and(|age| age.as_secs() < 270);
    if !still_known {
        return "the platform no longer knows the key of this send".to_owned();
    }
    format!(
        "within five minutes it can be run again without a duplicate, with:\n  \
         --idempotency-key {} --first-sent {}",
        key.id,
        humantime::format_rfc3339_millis(key.first_sent)
    )
}

/// Columns as wide as their widest cell, two spaces apart.
pub(crate) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let lines = [&head, &rule].into_iter().chain(rows).map(|row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use ms_messenger::{Acceptance, ErrorKind, Problems};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_receipt_is_one_line_of_json() {
        let receipt = Receipt::new(Acceptance::Posted)
            .with_message_id("1")
            .with_conversation("19:a");
        assert_eq!(
            sent_line("acs-chat", &receipt),
            r#"{"status":"sent","platform":"acs-chat","receipt":{"acceptance":"posted","message_id":"1","conversation":"19:a"}}"#
        );
    }

    #[test]
    fn an_error_has_every_member_in_one_line() {
        let error = Error::new(ErrorKind::Timeout, "no answer\nin time")
            .with_platform("acs-chat")
            .with_attempts(1);
        let line = error_line(&error, Exit::of(&error));
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({
            "status": "error", "kind": "timeout", "delivery": "unknown", "platform": "acs-chat",
            "message": "no answer\nin time", "problems": [], "http_status": null, "code": null,
            "attempts": 1, "request_id": null, "retry_after_seconds": null, "idempotency": null,
            "exit_code": 8,
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn several_problems_are_listed_one_to_a_line() {
        let mut problems = Problems::new();
        problems.add("to", "must not be empty");
        problems.add("message.subject", "is not carried");
        let error = problems.into_result(ErrorKind::Unsupported).unwrap_err();
        let text = error_text(&error, Exit::Refused);
        assert!(
            text.contains("\n  to: must not be empty\n  message.subject: is not carried\n"),
            "{text}"
        );
    }

    #[test]
    fn an_unknown_delivery_says_how_to_run_it_again_while_its_key_is_known() {
        let key = IdempotencyKey::random();
        let error = Error::new(ErrorKind::Transport, "broken").with_idempotency(key);
        let text = error_text(&error, Exit::Unknown);
        assert!(
            text.contains(&format!("--idempotency-key {} --first-sent 2", key.id)),
            "{text}"
        );
        let error = error.with_idempotency(IdempotencyKey::new(key.id, SystemTime::UNIX_EPOCH));
        assert!(!error_text(&error, Exit::Unknown).contains("--idempotency-key"));
    }

    #[test]
    fn columns_line_up() {
        let table = columns(
            &["a", "bb"],
            &[vec!["ccc".into(), "d".into()], vec!["é".into()]],
        );
        assert_eq!(table, "a    bb\n---  --\nccc  d\né");
    }
}
