//! Error bodies. Source: "Conversation Thread Operations - Send Message", `ErrorResponse`; the
//! live service adds a `message` to `innererror`, which holds Meta's code as `(#n)`.

use ms_messenger_http::{Answer, Service, ServiceError};
use serde::{Deserialize, Deserializer, Serialize};

/// The name of the platform.
pub const PLATFORM: &str = "acs-messages";

pub(crate) static SERVICE: Service = Service::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref", "x-ms-client-request-id"])
    .with_unique_request_ids()
    .with_error_reader(read);

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
    /// Reads a body; `None` when it is not of this shape.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
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
        parts.extend(self.details.iter().map(|detail| detail.message.clone()));
        let mut inner = self.innererror.as_deref();
        while let Some(error) = inner {
            parts.extend(error.message.clone().or_else(|| Some(error.code.clone())));
            inner = error.innererror.as_deref();
        }
        parts.retain(|part| !part.is_empty());
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The body first: the header is declared on every error, but was not seen live.
fn read(answer: &Answer) -> ServiceError {
    let header = || answer.header("x-ms-error-code").map(str::to_owned);
    match ErrorResponse::read(answer.body()) {
        Some(ErrorResponse { error }) => {
            let code = (!error.code.is_empty()).then(|| error.code.clone());
            ServiceError::new(code.or_else(header), error.whole_message())
        }
        None => ServiceError::new(header(), None),
    }
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
