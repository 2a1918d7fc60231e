//! Error bodies. Source: Graph, "Microsoft Graph error responses and resource types".

use std::borrow::Cow;

use ms_messenger_core::{Delivery, Error, ErrorKind, clause};
use ms_messenger_http::{Response, RetryClass, ServiceError, ServiceProfile};
use serde_json::{Map, Value};

use crate::{delegated::APP_ONLY, operations};

/// The name of the platform in errors and native bodies.
pub const PLATFORM: &str = "msgraph-chat";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("client-request-id")
    .with_echoed_client_request_id(true)
    .with_request_ids(&["request-id"])
    .with_unique_request_ids(true)
    .with_error_reader(read)
    .with_classifier(classify)
    .with_throttling_503();

/// What is wrong with a drive that has no room.
pub(crate) const FULL: &str = "the drive has no room for the file";

/// Why a drive, folder or file is not found, beside that it may not exist.
const HIDDEN: &str = "the service also reports so what the token may not see: uploads need \
    Files.ReadWrite (chats) or Files.ReadWrite.All (channels), and a OneDrive that was opened once";

/// Why a send cannot be settled.
pub(crate) fn cannot_tell(why: &'static str) -> Error {
    Error::new(ErrorKind::Other, why).with_platform(PLATFORM)
}

/// A check that may find it out later: what the service said of its clock cannot be used.
pub(crate) fn cannot_tell_yet(why: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, why).with_platform(PLATFORM)
}

/// The most levels of `innerError` that are read.
const DEPTH: usize = 8;
/// The most messages of the service that an error repeats.
const MAX_WORDS: usize = 16;

/// An error body of Graph: `error`, its chain of `innerError` (or `innererror`) and its details.
/// Compare codes without regard to case, and never branch on the message.
///
/// ```
/// use msgraph_chat::GraphError;
///
/// let body = br#"{"error":{"code":"Forbidden","message":"No.","innerError":{"code":"AclCheckFailed"}}}"#;
/// let error = GraphError::read(body);
/// assert_eq!(error.code.as_deref(), Some("Forbidden"));
/// assert_eq!(error.inner_codes, ["AclCheckFailed"]);
/// assert_eq!(GraphError::read(b"<html>"), GraphError::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphError {
    /// The code of the error.
    pub code: Option<String>,
    /// The message of the error.
    pub message: Option<String>,
    /// The codes of its inner errors, the deepest last.
    pub inner_codes: Vec<String>,
    /// The messages of its details and of its inner errors.
    pub inner_messages: Vec<String>,
    /// The request id in the body.
    pub request_id: Option<String>,
}

impl GraphError {
    /// Reads a body. One that has no error object gives an empty value.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let Some(outer) = body.get("error").and_then(Value::as_object) else {
            return Self::default();
        };
        let mut error = Self {
            code: text(outer, "code"),
            message: text(outer, "message"),
            ..Self::default()
        };
        let details = outer.get("details").and_then(Value::as_array);
        for detail in details.into_iter().flatten().filter_map(Value::as_object) {
            error.inner_messages.extend(text(detail, "message"));
        }
        let mut current = inner(outer);
        for _ in 0..DEPTH {
            let Some(object) = current else { break };
            error.inner_codes.extend(text(object, "code"));
            error.inner_messages.extend(text(object, "message"));
            error.request_id = error.request_id.or_else(|| text(object, "request-id"));
            current = inner(object);
        }
        error
    }
}

impl GraphError {
    /// The messages of the error, of its details and of its inner errors.
    fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.message.iter().chain(&self.inner_messages);
        words.map(String::as_str)
    }

    fn says(&self, words: &str) -> bool {
        self.words()
            .any(|said| said.to_ascii_lowercase().contains(words))
    }

    /// Whether the service gives a reason: a gateway reports only that the request was bad.
    fn names_a_reason(&self) -> bool {
        let codes = self.code.iter().chain(&self.inner_codes);
        codes.map(String::as_str).any(is_reason) || self.words().any(is_reason)
    }
}

/// Codes and messages that say no more than the status, without case, blanks and full stop.
const NO_REASON: &[&str] = &[
    "",
    "400",
    "400badrequest",
    "badrequest",
    "generalexception",
    "unknownerror",
];

fn is_reason(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    // A full sentence is a reason, whatever its letters.
    let start: String = letters.take(32).collect();
    !NO_REASON.contains(&start.to_ascii_lowercase().as_str())
}

/// The message of Graph for an expired token, in addition to a 401.
const EXPIRED: &str = "no authorization information present";

const APPLICATION: &str = "application-only context";

/// The classification by the body, where the status says too little. A 400 without a reason was
/// seen with the message posted; a 403 without authorization is an expired token; and what an
/// application may not do has several statuses.
fn classify(response: &Response) -> Option<(ErrorKind, Delivery)> {
    let error = GraphError::read(response.body());
    match response.status() {
        400 if !error.names_a_reason() => Some((ErrorKind::InvalidRequest, Delivery::Unknown)),
        507 => Some((ErrorKind::Conflict, Delivery::NotSent)),
        403 if error.says(EXPIRED) => Some((ErrorKind::Unauthenticated, Delivery::NotSent)),
        400 | 401 | 403 | 412 if error.says(APPLICATION) => {
            Some((ErrorKind::PermissionDenied, Delivery::NotSent))
        }
        // A part of a batch, which was not executed because one that it depends on failed.
        424 => Some((ErrorKind::Other, Delivery::NotSent)),
        _ => None,
    }
}

/// Advice for an error whose messages give none.
fn advice(response: &Response, error: &GraphError) -> Option<Cow<'static, str>> {
    match response.status() {
        400 if !error.names_a_reason() && is_send(response.operation()) => Some(
            "the service named no reason, and such a message may be posted all the same".into(),
        ),
        400 | 401 | 403 | 412 if error.says(APPLICATION) => Some(APP_ONLY.into()),
        401 if error.says("invalid audience") => {
            Some("the token is for another resource or another cloud than this one".into())
        }
        403 if error.says(EXPIRED) => Some("the token has expired or was not accepted".into()),
        403 => needed(response.operation()),
        404 if operations::is_of_files(response.operation()) => Some(HIDDEN.into()),
        507 => Some(FULL.into()),
        _ => None,
    }
}

fn is_send(operation: &str) -> bool {
    let operation = operations::of_name(operation);
    operation.is_some_and(|it| it.class() == RetryClass::Message)
}

/// The permission that `operation` needs.
fn needed(operation: &str) -> Option<Cow<'static, str>> {
    let operation = operations::of_name(operation)?;
    let permission = operation.permission()?;
    let action = match operation.class() {
        RetryClass::Message => "sending",
        _ => operation.name(),
    };
    Some(format!("{action} needs {permission}, and the user must be a member").into())
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn inner(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let inner = object
        .get("innerError")
        .or_else(|| object.get("innererror"))?;
    inner.as_object()
}

fn read(response: &Response) -> ServiceError {
    let error = GraphError::read(response.body());
    let mut parts: Vec<&str> = Vec::new();
    let advice = advice(response, &error);
    if advice.as_deref() == Some(APP_ONLY) {
        parts.push(APP_ONLY);
    }
    parts.extend(error.message.as_deref());
    for message in &error.inner_messages {
        if parts.len() < MAX_WORDS && !parts.contains(&message.as_str()) {
            parts.push(message);
        }
    }
    parts.extend(advice.as_deref().filter(|advice| *advice != APP_ONLY));
    let message = parts.split_last().map(|(last, before)| {
        let before = before.iter().map(|part| clause(part));
        before.chain([*last]).collect::<Vec<_>>().join("; ")
    });
    // The deepest code says most, but the outermost is the documented one.
    let code = error.code.as_ref().or(error.inner_codes.last());
    ServiceError::new(code.cloned(), message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_chain_is_walked_in_both_spellings() {
        let body = br#"{"error":{"code":"TooManyRequests","message":"","innerError":{"code":"429","message":"Slow.","request-id":"r1","innererror":{"code":"deep"}},"details":[{"message":"More."}]}}"#;
        let error = GraphError::read(body);
        assert_eq!(error.code.as_deref(), Some("TooManyRequests"));
        assert_eq!(error.message, None);
        assert_eq!(error.inner_codes, ["429", "deep"]);
        assert_eq!(error.inner_messages, ["More.", "Slow."]);
        assert_eq!(error.request_id.as_deref(), Some("r1"));
    }

    #[test]
    fn a_body_without_an_error_object_is_empty() {
        for body in [
            "",
            "null",
            "[]",
            "<html>",
            r#"{"error":"x"}"#,
            r#"{"error":{"code":1}}"#,
        ] {
            assert_eq!(
                GraphError::read(body.as_bytes()),
                GraphError::default(),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn hostile_bodies_are_read_or_empty(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = GraphError::read(&body);
        }
    }
}
