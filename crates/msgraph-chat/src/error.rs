//! Error bodies. Source: Graph, "Microsoft Graph error responses and resource types".

use ms_messenger_http::{Answer, Service, ServiceError};
use serde_json::{Map, Value};

/// The name of the platform.
pub const PLATFORM: &str = "msgraph-chat";

pub(crate) static SERVICE: Service = Service::new(PLATFORM)
    .with_client_request_id("client-request-id")
    .with_request_ids(&["request-id"])
    .with_unique_request_ids()
    .with_error_reader(read)
    .with_throttling_503();

/// The most levels of `innerError` that are read.
const DEPTH: usize = 8;

/// What an error body says: `error`, its chain of `innerError` (or `innererror`) and its details.
/// Codes are not of one case: compare them without it. Never branch on the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphError {
    /// The code of the error.
    pub code: Option<String>,
    /// The words of the error; may be empty.
    pub message: Option<String>,
    /// The codes of the chain behind it, the deepest last.
    pub inner_codes: Vec<String>,
    /// The words of the chain behind it and of its details.
    pub inner_messages: Vec<String>,
    /// The request id that the body names.
    pub request_id: Option<String>,
}

impl GraphError {
    /// Reads a body. What is no error object says nothing.
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

fn read(answer: &Answer) -> ServiceError {
    let error = GraphError::read(answer.body());
    let mut parts: Vec<String> = error.message.into_iter().collect();
    for message in error.inner_messages {
        if !parts.contains(&message) {
            parts.push(message);
        }
    }
    if answer.status() == 403 {
        parts.push(
            "sending needs ChannelMessage.Send (channels) or ChatMessage.Send (chats), and the \
             user must be a member"
                .to_owned(),
        );
    }
    let message = (!parts.is_empty()).then(|| parts.join("; "));
    // The deepest code says most, but the outermost is what documents name.
    ServiceError::new(
        error
            .code
            .or_else(|| error.inner_codes.into_iter().next_back()),
        message,
    )
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
    fn what_is_no_error_body_says_nothing() {
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
        fn hostile_bodies_are_read_or_say_nothing(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = GraphError::read(&body);
        }
    }
}
