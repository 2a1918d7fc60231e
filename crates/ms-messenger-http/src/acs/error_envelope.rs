//! Error bodies. The specification has one shape and the services have had four and none: see
//! Azure/azure-sdk-for-js#22130, Azure/communication-ui-library#583, Azure/azure-sdk-for-java#21723
//! and #17951. The live Advanced Messaging adds a `message` to `innererror`, which holds Meta's
//! code as `(#n)`.

use ms_messenger_core::clause;
use serde_json::{Map, Value};

use crate::ServiceError;

/// The most levels of `innererror` and `details` that are read.
const DEPTH: usize = 8;
/// The most messages that the text of an error holds.
const MAX_PARTS: usize = 16;

/// An error body of any ACS service: wrapped in `error`, `CommunicationError` or
/// `communicationError` or bare, with member names in any case, every one of them optional.
///
/// ```
/// use ms_messenger_http::acs::ErrorEnvelope;
///
/// let body = br#"{"error":{"code":"BadRequest","message":"Invalid.","details":[
///     {"message":"The input was not valid.","target":"type"}]}}"#;
/// let error = ErrorEnvelope::read(body);
/// assert_eq!(error.code.as_deref(), Some("BadRequest"));
/// assert_eq!(error.text().as_deref(), Some("Invalid; type: The input was not valid."));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorEnvelope {
    /// The service's own code, e.g. `Forbidden`; never empty.
    pub code: Option<String>,
    /// The service's own message; never empty.
    pub message: Option<String>,
    /// The field that the error is about.
    pub target: Option<String>,
    /// The errors that led to this one.
    pub details: Vec<ErrorEnvelope>,
    /// The error behind this one.
    pub inner: Option<Box<ErrorEnvelope>>,
}

impl ErrorEnvelope {
    /// Reads a body. One that is not a JSON object gives an empty envelope.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let wrapped = member(&body, "error").or_else(|| member(&body, "communicationError"));
        Self::from_object(wrapped.and_then(Value::as_object).unwrap_or(&body), DEPTH)
    }

    fn from_object(object: &Map<String, Value>, depth: usize) -> Self {
        let text = |name| {
            let text = member(object, name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
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

    /// Returns the message with those of its details and of the errors behind it, each after the
    /// field that it is about; at most 16 of them. `None` when there is none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(message) = &self.message {
            let target = self.target.as_deref();
            // Some services write the field into the message as well.
            parts.push(match target.filter(|target| !message.contains(target)) {
                Some(target) => format!("{} ({target})", clause(message)),
                None => message.clone(),
            });
        }
        self.collect(&mut parts);
        let (last, before) = parts.split_last()?;
        let before = before.iter().map(|part| clause(part));
        let parts: Vec<&str> = before.chain([last.as_str()]).collect();
        Some(parts.join("; "))
    }

    /// Adds the messages of what led to this error. What was read is of bounded depth.
    fn collect(&self, parts: &mut Vec<String>) {
        for detail in &self.details {
            detail.add_to(None, parts);
        }
        if let Some(inner) = &self.inner {
            // A finer code is better than nothing.
            inner.add_to(inner.code.as_ref(), parts);
        }
    }

    fn add_to(&self, otherwise: Option<&String>, parts: &mut Vec<String>) {
        if parts.len() >= MAX_PARTS {
            return;
        }
        match (&self.target, self.message.as_ref().or(otherwise)) {
            (Some(target), Some(message)) => parts.push(format!("{target}: {message}")),
            (None, Some(message)) => parts.push(message.clone()),
            (_, None) => {}
        }
        self.collect(parts);
    }

    /// Returns code and text for the pipeline, the text followed by `hint` where there is one.
    #[must_use]
    pub fn into_service_error(self, hint: Option<&str>) -> ServiceError {
        let message = match (self.text(), hint) {
            (Some(text), Some(hint)) => Some(format!("{} ({hint})", clause(&text))),
            (None, Some(hint)) => Some(hint.to_owned()),
            (text, None) => text,
        };
        ServiceError::new(self.code, message)
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut members = object.iter();
    let (_, value) = members.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_four_shapes_read_the_same() {
        for body in [
            r#"{"error":{"code":"Forbidden","message":"No."}}"#,
            r#"{"CommunicationError":{"Code":"Forbidden","Message":"No.","Details":[]}}"#,
            r#"{"communicationError":{"code":"Forbidden","message":"No."}}"#,
            r#"{"Code":"Forbidden","Message":"No.","InnerErrors":[]}"#,
        ] {
            let error = ErrorEnvelope::read(body.as_bytes());
            assert_eq!(error.code.as_deref(), Some("Forbidden"), "{body}");
            assert_eq!(error.text().as_deref(), Some("No."), "{body}");
        }
    }

    #[test]
    fn the_live_message_of_a_nested_error_is_part_of_the_text() {
        let body = br#"{"error":{"code":"BadRequest","message":"Given request contains a parameter for WhatsApp which was invalid.","innererror":{"code":"WaErrorCode.InvalidParameter","message":"InvalidParameter: (#100) Param text['body'] must be at most 4096 characters long.","innererror":{"code":"Deep"}},"data":{"trace":"ignored"}}}"#;
        let error = ErrorEnvelope::read(body);
        assert_eq!(error.code.as_deref(), Some("BadRequest"));
        let text = error.text().unwrap();
        assert!(
            text.contains("(#100)") && text.ends_with("; Deep"),
            "{text}"
        );
        let inner = error.inner.unwrap();
        assert_eq!(inner.code.as_deref(), Some("WaErrorCode.InvalidParameter"));
        assert_eq!(inner.inner.unwrap().code.as_deref(), Some("Deep"));
    }

    #[test]
    fn a_null_loses_nothing_else() {
        let body = br#"{"error":{"code":null,"message":"m","target":null,"details":null,"innererror":{"code":null,"message":"(#100)"}}}"#;
        assert_eq!(ErrorEnvelope::read(body).text().unwrap(), "m; (#100)");
    }

    #[test]
    fn targets_and_details_are_part_of_the_text() {
        for (body, text) in [
            (
                r#"{"error":{"code":"ModelValidationError","message":"id","target":"id: The id field is required.","details":[{"code":"x","message":"y"}]}}"#,
                "id (id: The id field is required.); y",
            ),
            (
                r#"{"error":{"message":"Scopes: The Scopes field is required.","target":"Scopes"}}"#,
                "Scopes: The Scopes field is required.",
            ),
            (
                r#"{"communicationError":{"code":"BadRequest","message":"Invalid.","details":[{"message":"The input was not valid.","target":"type"}]}}"#,
                "Invalid; type: The input was not valid.",
            ),
            (
                r#"{"communicationError":{"code":"BadRequest","message":"One or more validation errors occurred.","details":[{"message":"A value was not provided.","target":"dto"},{"message":"Unexpected token.","target":"participants[0].cloud","details":[{"message":"deeper"}]}]}}"#,
                "One or more validation errors occurred; dto: A value was not provided; \
                 participants[0].cloud: Unexpected token; deeper",
            ),
        ] {
            let error = ErrorEnvelope::read(body.as_bytes());
            assert_eq!(error.text().as_deref(), Some(text), "{body}");
        }
    }

    #[test]
    fn the_number_of_parts_is_bounded() {
        let details = vec![r#"{"message":"m","details":[{"message":"n"}]}"#; 10_000].join(",");
        let body = format!(r#"{{"error":{{"code":"c","message":"m","details":[{details}]}}}}"#);
        let text = ErrorEnvelope::read(body.as_bytes()).text();
        assert_eq!(text.unwrap().split("; ").count(), MAX_PARTS);
    }

    #[test]
    fn a_hint_follows_the_text_of_the_service() {
        let read = |body: &[u8], hint| ErrorEnvelope::read(body).into_service_error(hint);
        let body = br#"{"error":{"code":"c","message":"m"}}"#;
        assert_eq!(read(body, Some("h")).message.as_deref(), Some("m (h)"));
        assert_eq!(read(body, None).message.as_deref(), Some("m"));
        assert_eq!(read(b"", Some("h")).message.as_deref(), Some("h"));
        assert_eq!(read(b"", None), ServiceError::unknown());
    }

    #[test]
    fn a_body_that_is_no_error_gives_nothing() {
        for body in [
            "",
            "null",
            "[]",
            "7",
            "<html>",
            "{",
            "{}",
            r#"{"other":1}"#,
            r#"{"error":"text"}"#,
            r#"{"error":{"code":7}}"#,
            r#"{"error":{"code":"","message":""}}"#,
        ] {
            let error = ErrorEnvelope::read(body.as_bytes());
            assert_eq!((error.code.clone(), error.text()), (None, None), "{body}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "(?s).{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 5, |inner| {
            let name =
                "error|Error|communicationError|code|message|target|details|innerErrors|innererror";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(name, inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_into_a_bounded_text(body in any_json()) {
            let error = ErrorEnvelope::read(body.to_string().as_bytes());
            prop_assert!(error.code.is_none_or(|code| !code.is_empty()));
        }

        #[test]
        fn hostile_bodies_are_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = ErrorEnvelope::read(&body).text();
        }

        #[test]
        fn deep_bodies_are_cut_off(depth in 0_usize..200, name in "innererror|details") {
            let (open, close) = if name == "details" { ("[{", "}]") } else { ("{", "}") };
            let inner = format!(r#""message":"m","{name}":{open}"#).repeat(depth);
            let body = format!("{{{inner}{}}}", close.repeat(depth));
            let text = ErrorEnvelope::read(body.as_bytes()).text();
            prop_assert!(text.is_none_or(|text| text.split("; ").count() <= DEPTH + 1));
        }
    }
}
