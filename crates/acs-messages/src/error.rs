//! Error bodies. Source: "Conversation Thread Operations - Send Message", `ErrorResponse`; the
//! live service adds a `message` to `innererror`, which holds Meta's code as `(#n)`.

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_http::{Response, ServiceError, ServiceProfile};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The name of the platform.
pub const PLATFORM: &str = "acs-messages";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref", "x-ms-client-request-id"])
    .with_unique_request_ids()
    .with_error_reader(read)
    .with_classifier(classify);

/// The most levels of an error that are read, and the most parts that an error of ours holds.
const DEPTH: usize = 8;
const MAX_PARTS: usize = 16;

/// The body of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorResponse {
    /// The error.
    pub error: ErrorDetail,
}

/// An error of the service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The service's own code, e.g. `TemplateNotFound`.
    #[serde(deserialize_with = "nullable")]
    pub code: String,
    /// The service's own words.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// The field that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The errors that led to this one.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ErrorDetail>,
    /// The error behind this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innererror: Option<Box<InnerError>>,
}

/// An error behind another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InnerError {
    /// A finer code, e.g. `WaErrorCode.InvalidParameter`.
    #[serde(deserialize_with = "nullable")]
    pub code: String,
    /// Words that the specification does not know and the live service gives; the most useful
    /// of all, since Meta's code stands in them as `(#131008)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The error behind this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub innererror: Option<Box<InnerError>>,
}

/// A member that may be null.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    input: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

impl ErrorResponse {
    /// Reads a body; `None` when it is not of this shape. The shapes of ACS Chat, `communicationError`
    /// with names in either case, are read too: conversations are its threads.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let read = serde_json::from_slice(body).ok();
        read.or_else(|| Self::read_otherwise(serde_json::from_slice(body).ok()?))
    }

    fn read_otherwise(body: Value) -> Option<Self> {
        let Value::Object(mut members) = lowered(body) else {
            return None;
        };
        let wrapped = members
            .remove("communicationerror")
            .or_else(|| members.remove("error"));
        let is_bare = members.contains_key("code") || members.contains_key("message");
        let error = match wrapped {
            Some(error) => error,
            None if is_bare => Value::Object(members),
            None => return None,
        };
        let error = serde_json::from_value(error).ok()?;
        Some(Self { error })
    }
}

/// A body with the names of its members in lower case.
fn lowered(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), lowered(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(lowered).collect(),
        other => other,
    }
}

impl ErrorDetail {
    /// The message with those of its details and of the errors behind it.
    fn whole_message(&self) -> Option<String> {
        let mut parts = Vec::new();
        match &self.target {
            Some(target) => parts.push(format!("{} ({target})", self.message)),
            None => parts.push(self.message.clone()),
        }
        self.collect(DEPTH, &mut parts);
        let mut inner = self.innererror.as_deref();
        while let Some(error) = inner.filter(|_| parts.len() < MAX_PARTS) {
            parts.extend(error.message.clone().or_else(|| Some(error.code.clone())));
            inner = error.innererror.as_deref();
        }
        parts.retain(|part| !part.is_empty());
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Adds the messages of the details, each behind the field that it is about.
    fn collect(&self, depth: usize, parts: &mut Vec<String>) {
        for detail in &self.details {
            if depth == 0 || parts.len() >= MAX_PARTS {
                return;
            }
            match &detail.target {
                Some(target) if !detail.message.is_empty() => {
                    parts.push(format!("{target}: {}", detail.message));
                }
                _ => parts.push(detail.message.clone()),
            }
            detail.collect(depth - 1, parts);
        }
    }
}

/// Whether the service refuses the key of a send: 412 says nothing else, and a 400 says it by
/// the header.
fn refuses_key(response: &Response) -> bool {
    let result = response.header("repeatability-result");
    let is_rejected = result.is_some_and(|result| result.trim().eq_ignore_ascii_case("rejected"));
    response.status() == 412 || (response.status() == 400 && is_rejected)
}

fn classify(response: &Response) -> Option<(ErrorKind, Delivery)> {
    // Of this try; what it says of an earlier send is the client's to judge.
    refuses_key(response).then_some((ErrorKind::Conflict, Delivery::NotSent))
}

const KEY_ADVICE: &str = "the key is not taken: an earlier send under it may be out, so look \
    whether the message arrived before it is sent under a new key; if there was none, set the \
    clock of this machine right";

/// The body first: the header is declared on every error, but was not seen live.
fn read(response: &Response) -> ServiceError {
    let header = || response.header("x-ms-error-code").map(str::to_owned);
    let (code, said) = match ErrorResponse::read(response.body()) {
        Some(ErrorResponse { error }) => {
            let code = (!error.code.is_empty()).then(|| error.code.clone());
            (code.or_else(header), error.whole_message())
        }
        None => (header(), None),
    };
    let message = match said {
        Some(said) if refuses_key(response) => Some(format!("{KEY_ADVICE} ({said})")),
        None if refuses_key(response) => Some(KEY_ADVICE.to_owned()),
        said => said,
    };
    ServiceError::new(code, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_live_message_of_a_nested_error_is_told() {
        let body = br#"{"error":{"code":"BadRequest","message":"Given request contains a parameter for WhatsApp which was invalid.","innererror":{"code":"WaErrorCode.InvalidParameter","message":"InvalidParameter: (#100) Param text['body'] must be at most 4096 characters long.","innererror":{"code":"Deep"}},"data":{"trace":"ignored"}}}"#;
        let error = ErrorResponse::read(body).unwrap().error;
        assert_eq!(error.code, "BadRequest");
        let message = error.whole_message().unwrap();
        assert!(message.contains("(#100)"), "{message}");
        assert!(message.ends_with("; Deep"), "{message}");
        let inner = error.innererror.unwrap();
        assert_eq!(inner.code, "WaErrorCode.InvalidParameter");
        assert_eq!(inner.innererror.unwrap().code, "Deep");
    }

    #[test]
    fn a_null_loses_nothing_else() {
        let body = br#"{"error":{"code":null,"message":"m","target":null,"details":null,"innererror":{"code":null,"message":"(#100)"}}}"#;
        let error = ErrorResponse::read(body).unwrap().error;
        assert_eq!(error.whole_message().unwrap(), "m; (#100)");
    }

    #[test]
    fn target_and_details_are_told() {
        let body = br#"{"error":{"code":"ModelValidationError","message":"id","target":"id: The id field is required.","details":[{"code":"x","message":"y"}]}}"#;
        let error = ErrorResponse::read(body).unwrap().error;
        assert_eq!(
            error.whole_message().unwrap(),
            "id (id: The id field is required.); y"
        );
    }

    #[test]
    fn the_shapes_of_acs_chat_are_read_with_the_words_of_their_details() {
        let camel = br#"{"communicationError":{"code":"BadRequest","message":"One or more validation errors occurred.","details":[{"message":"A value was not provided.","target":"dto"},{"message":"Unexpected token.","target":"participants[0]","details":[{"message":"deeper"}]}]}}"#;
        let error = ErrorResponse::read(camel).unwrap().error;
        assert_eq!(error.code, "BadRequest");
        assert_eq!(
            error.whole_message().unwrap(),
            "One or more validation errors occurred.; dto: A value was not provided.; \
             participants[0]: Unexpected token.; deeper"
        );
        for body in [
            r#"{"CommunicationError":{"Code":"Forbidden","Message":"No.","Details":[]}}"#,
            r#"{"Code":"Forbidden","Message":"No.","InnerErrors":[]}"#,
        ] {
            let error = ErrorResponse::read(body.as_bytes()).unwrap().error;
            assert_eq!(
                (error.code.as_str(), error.message.as_str()),
                ("Forbidden", "No.")
            );
        }
        for body in ["{}", "[]", "", "7", r#"{"other":1}"#] {
            assert_eq!(ErrorResponse::read(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_number_of_parts_is_bounded() {
        let details = vec![r#"{"message":"m","details":[{"message":"n"}]}"#; 10_000].join(",");
        let body = format!(r#"{{"error":{{"code":"c","message":"m","details":[{details}]}}}}"#);
        let error = ErrorResponse::read(body.as_bytes()).unwrap().error;
        assert!(error.whole_message().unwrap().len() < 100);
    }

    proptest! {
        #[test]
        fn hostile_bodies_are_read_or_say_nothing(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = ErrorResponse::read(&body);
        }

        #[test]
        fn deep_bodies_end(depth in 0_usize..200) {
            let inner = format!("{}{{}}{}", r#"{"innererror":"#.repeat(depth), "}".repeat(depth));
            let body = format!(r#"{{"error":{{"code":"a","message":"b","innererror":{inner}}}}}"#);
            if let Some(read) = ErrorResponse::read(body.as_bytes()) {
                let _ = read.error.whole_message();
            }
        }
    }
}
