//! Results on stdout, words for people on stderr.

use ms_messenger::{Error, Receipt};
use serde_json::{Value, json};

use crate::exit::Exit;

/// A receipt as JSON.
pub(crate) fn sent(platform: &str, receipt: &Receipt) -> Value {
    json!({"status": "sent", "platform": platform, "receipt": receipt, "exit_code": Exit::Ok as u8})
}

/// An error as JSON.
pub(crate) fn failed(error: &Error) -> Value {
    let problems: Vec<Value> = error
        .problems()
        .iter()
        .map(|problem| json!({"field": problem.field, "rule": problem.rule}))
        .collect();
    json!({
        "status": "error",
        "kind": error.kind().as_str(),
        "delivery": error.delivery().as_str(),
        "platform": error.platform(),
        "message": error.message(),
        "problems": problems,
        "http_status": error.status(),
        "code": error.code(),
        "request_id": error.request_id(),
        "attempts": error.attempts(),
        "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        "exit_code": Exit::of(error) as u8,
    })
}

/// Rows under headings, each column as wide as its widest cell.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = headings.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("  {}", padded.join("  ").trim_end());
    };
    line(&headings.iter().map(ToString::to_string).collect::<Vec<_>>());
    line(
        &widths
            .iter()
            .map(|width| "-".repeat(*width))
            .collect::<Vec<_>>(),
    );
    for row in rows {
        line(row);
    }
}
