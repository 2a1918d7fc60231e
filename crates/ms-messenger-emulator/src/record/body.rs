//! Bodies: JSON and forms in detail, of everything else its kind and its class of lengths.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{pseudonym::length_class, redactor::Redactor};

/// The largest body that is recorded in detail.
const MOST_DETAIL: usize = 4 << 20;

/// The body of a request or a response in a recording.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Form(Vec<(String, String)>),
    /// Removed; the class of its length in bytes.
    Removed(usize),
}

impl Body {
    /// What is kept of a body.
    pub(crate) fn redact(headers: &HeaderMap, body: &Bytes, redactor: &Redactor) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let removed = Self::Removed(length_class(body.len()));
        if body.len() > MOST_DETAIL {
            return removed;
        }
        if kind == "application/x-www-form-urlencoded" {
            let text = String::from_utf8_lossy(body);
            return Self::Form(redactor.pairs(&text));
        }
        if kind == "application/json" || kind.ends_with("+json") {
            let parsed = serde_json::from_slice::<Value>(body);
            return parsed.map_or(removed, |value| Self::Json(redactor.json(&value)));
        }
        removed
    }
}
