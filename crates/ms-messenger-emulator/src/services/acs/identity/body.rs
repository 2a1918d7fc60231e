//! The members of a request body.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::{services::acs::error::AcsError, wire::request::Request};

/// The object of a request; an empty body counts as an empty object, as the service takes it.
pub(crate) fn body(request: &Request) -> Result<Map<String, Value>, AcsError> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    if !request.is_json() {
        let message = "The media type must be application/json.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(AcsError::of_status(status, message));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err(AcsError::bad_request(
            "The request body must be a JSON object.",
        )),
    }
}

/// The error for a member that is missing or wrong: `target` as the service capitalises it.
pub(crate) fn invalid(target: &str, message: impl Into<String>) -> AcsError {
    AcsError::new(StatusCode::BAD_REQUEST, "ValidationError", message).with_target(target)
}

/// A required string of a body.
pub(crate) fn required<'a>(
    body: &'a Map<String, Value>,
    name: &str,
    target: &str,
) -> Result<&'a str, AcsError> {
    let text = body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        let message = format!("{target}: The {target} field is required.");
        return Err(invalid(target, message));
    }
    Ok(text)
}
