//! Error bodies. The specification has one shape and the service has had four and none: see
//! Azure/azure-sdk-for-js#22130, Azure/communication-ui-library#583, Azure/azure-sdk-for-java#21723
//! and #17951.

use ms_messenger_http::{Response, ServiceError, ServiceProfile};
use serde_json::{Map, Value};

/// The name of the platform.
pub const PLATFORM: &str = "acs-chat";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref"])
    .with_unique_request_ids()
    .with_error_reader(read)
    .with_throttling_503();

/// The most levels of `innererror` and `details` that are read.
const DEPTH: usize = 8;
/// The most messages that an error holds.
const MAX_PARTS: usize = 16;

/// What an error body says, whatever its shape: wrapped in `error`, `CommunicationError` or
/// `communicationError` or bare, with names in any case, every one of them optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommunicationError {
    /// The service's own code, e.g. `Forbidden`.
    pub code: Option<String>,
    /// The service's own words.
    pub message: Option<String>,
    /// The field that the error is about.
    pub target: Option<String>,
    /// The errors that led to this one.
    pub details: Vec<CommunicationError>,
    /// The error behind this one.
    pub inner: Option<Box<CommunicationError>>,
}

impl CommunicationError {
    /// Reads a body. What is no JSON object says nothing.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let wrapped = member(&body, "error").or_else(|| member(&body, "communicationError"));
        Self::from_object(wrapped.and_then(Value::as_object).unwrap_or(&body), DEPTH)
    }

    fn from_object(object: &Map<String, Value>, depth: usize) -> Self {
        let text = |name| Some(member(object, name)?.as_str()?.to_owned());
        let mut error = Self {
            code: text("code"),
            message: text("message"),
            target: text("target"),
            ..Self::default()
        };
        if depth > 0 {
            let list = member(object, "details").or_else(|| member(object, "innerErrors"));
            let list = list.and_then(Value::as_array).into_iter().flatten();
            error.details = list
                .filter_map(Value::as_object)
                .map(|detail| Self::from_object(detail, depth - 1))
                .collect();
            error.inner = member(object, "innererror")
                .and_then(Value::as_object)
                .map(|inner| Box::new(Self::from_object(inner, depth - 1)));
        }
        error
    }

    /// The message with those of its details, each behind the field that it is about.
    fn whole_message(&self) -> Option<String> {
        let mut parts: Vec<String> = self.message.iter().cloned().collect();
        self.collect(&mut parts);
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Adds the messages of what led to this error. What was read is of bounded depth.
    fn collect(&self, parts: &mut Vec<String>) {
        for error in self.details.iter().chain(self.inner.as_deref()) {
            if parts.len() >= MAX_PARTS {
                return;
            }
            match (&error.target, &error.message) {
                (Some(target), Some(message)) => parts.push(format!("{target}: {message}")),
                (None, Some(message)) => parts.push(message.clone()),
                _ => {}
            }
            error.collect(parts);
        }
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut members = object.iter();
    let (_, value) = members.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value)
}

fn read(response: &Response) -> ServiceError {
    let error = CommunicationError::read(response.body());
    let said = error.whole_message();
    let hint = match response.status() {
        401 => Some("ACS Chat takes user access tokens only, no access key and no Entra token"),
        403 => Some("the caller must take part in the thread, with a token of the scope chat"),
        _ => None,
    };
    let message = match (said, hint) {
        (Some(said), Some(hint)) => Some(format!("{said} ({hint})")),
        (None, Some(hint)) => Some(hint.to_owned()),
        (said, None) => said,
    };
    ServiceError::new(error.code, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_four_shapes_say_the_same() {
        for body in [
            r#"{"error":{"code":"Forbidden","message":"No."}}"#,
            r#"{"CommunicationError":{"Code":"Forbidden","Message":"No.","Details":[]}}"#,
            r#"{"communicationError":{"code":"Forbidden","message":"No."}}"#,
            r#"{"Code":"Forbidden","Message":"No.","InnerErrors":[]}"#,
        ] {
            let error = CommunicationError::read(body.as_bytes());
            assert_eq!(error.code.as_deref(), Some("Forbidden"), "{body}");
            assert_eq!(error.whole_message().as_deref(), Some("No."), "{body}");
        }
    }

    #[test]
    fn a_detail_without_a_code_is_told_with_its_target() {
        let body = br#"{"communicationError":{"code":"BadRequest","message":"Invalid.","details":[{"message":"The input was not valid.","target":"type"}]}}"#;
        let error = CommunicationError::read(body);
        assert_eq!(
            error.whole_message().as_deref(),
            Some("Invalid.; type: The input was not valid.")
        );
    }

    #[test]
    fn details_within_details_are_told_and_their_number_is_bounded() {
        let body = br#"{"communicationError":{"code":"BadRequest","message":"One or more validation errors occurred.","details":[{"message":"A value was not provided.","target":"dto"},{"message":"Unexpected token.","target":"participants[0].cloud","details":[{"message":"deeper"}]}]}}"#;
        assert_eq!(
            CommunicationError::read(body).whole_message().unwrap(),
            "One or more validation errors occurred.; dto: A value was not provided.; \
             participants[0].cloud: Unexpected token.; deeper"
        );
        let details = vec![r#"{"message":"m","details":[{"message":"n"}]}"#; 10_000].join(",");
        let body = format!(r#"{{"error":{{"code":"c","message":"m","details":[{details}]}}}}"#);
        let message = CommunicationError::read(body.as_bytes()).whole_message();
        assert!(message.unwrap().len() < 100);
    }

    #[test]
    fn what_is_no_error_body_says_nothing() {
        for body in [
            "",
            "null",
            "[]",
            "<html>",
            "{",
            r#"{"error":"text"}"#,
            r#"{"error":{"code":7}}"#,
        ] {
            let error = CommunicationError::read(body.as_bytes());
            assert_eq!(error.code, None, "{body}");
            assert_eq!(error.whole_message(), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bodies_are_read_or_say_nothing(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = CommunicationError::read(&body);
        }

        #[test]
        fn deep_bodies_end(depth in 0_usize..120) {
            let body = format!("{}{}", r#"{"innererror":"#.repeat(depth), "}".repeat(depth));
            let _ = CommunicationError::read(body.as_bytes()).whole_message();
        }
    }
}
