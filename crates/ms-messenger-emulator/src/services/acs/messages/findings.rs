//! What the validation of a body finds.

use serde_json::{Value, json};

use crate::services::acs::error::AcsError;

/// Text of the live service when WhatsApp would refuse a parameter.
pub(crate) const PARAMETER: &str = "Given request contains a parameter for WhatsApp which was invalid. \
    This includes channel ID and template parameters.";

/// A body that passed.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// Recipient of a notification; empty for a conversation message.
    pub(crate) to: String,
    /// Channel registration of a notification; empty for a conversation message.
    pub(crate) channel: String,
    pub(crate) kind: String,
    pub(crate) text: String,
    /// The message as a conversation lists it.
    pub(crate) message: Value,
}

/// The findings about one body. The first becomes the error, the others its details.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<AcsError>);

/// `mediaUri` as `MediaUri`.
pub(crate) fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

impl Findings {
    pub(crate) fn add(&mut self, error: AcsError) {
        self.0.push(error);
    }

    pub(crate) fn bad(&mut self, message: impl Into<String>) {
        self.add(AcsError::bad_request(message));
    }

    /// What WhatsApp refuses: `code` is Meta's, as in `#100`.
    pub(crate) fn parameter(&mut self, code: u32, message: &str) {
        let inner = format!("InvalidParameter: (#{code}) {message}");
        self.add(
            AcsError::bad_request(PARAMETER).with_inner("WaErrorCode.InvalidParameter", &inner),
        );
    }

    /// A required string; empty counts as missing. The text is the live service's, by kind.
    pub(crate) fn text<'a>(&mut self, body: &'a Value, name: &str, owner: &str) -> &'a str {
        match body.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text,
            _ => {
                self.bad(format!(
                    "A non-empty \"{}\" is required when {owner}.",
                    capital(name)
                ));
                ""
            }
        }
    }

    /// An optional string.
    pub(crate) fn optional<'a>(&mut self, body: &'a Value, name: &str) -> Option<&'a str> {
        match body.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.bad(format!("The \"{name}\" field must be a string."));
                None
            }
        }
    }

    /// A required absolute http(s) URL.
    pub(crate) fn url<'a>(&mut self, body: &'a Value, name: &str, owner: &str) -> &'a str {
        let url = self.text(body, name, owner);
        let is_absolute = url.starts_with("https://") || url.starts_with("http://");
        if !url.is_empty() && !is_absolute {
            self.bad(format!("The \"{name}\" field must be an absolute URL."));
        }
        url
    }

    /// The error of all findings together, if there are any.
    pub(crate) fn into_result(self) -> Result<(), AcsError> {
        let mut findings = self.0.into_iter();
        let Some(first) = findings.next() else {
            return Ok(());
        };
        let rest: Vec<Value> = findings
            .map(|e| {
                let inner = e
                    .inner
                    .as_ref()
                    .and_then(|i| i["message"].as_str())
                    .map(str::to_owned);
                json!({"code": e.code, "message": inner.unwrap_or(e.message)})
            })
            .collect();
        Err(first.with_details(rest))
    }
}
