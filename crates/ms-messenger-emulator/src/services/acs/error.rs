//! The error body that the ACS services share: `{"error": {code, message, target, details, innererror}}`.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::wire::response::Response;

/// An error of an ACS service before it takes a shape on the wire.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AcsError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) target: Option<String>,
    pub(crate) details: Vec<Value>,
    pub(crate) inner: Option<Box<Value>>,
}

impl AcsError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            target: None,
            details: Vec::new(),
            inner: None,
        }
    }

    /// 400 with the code `BadRequest`.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// The error of a bare status, with the code of the service's convention.
    pub(crate) fn of_status(status: StatusCode, message: &str) -> Self {
        let code = match status.as_u16() {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            405 => "MethodNotAllowed",
            409 => "Conflict",
            412 => "PreconditionFailed",
            413 => "PayloadTooLarge",
            415 => "UnsupportedMediaType",
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            500..=599 => "InternalServerError",
            _ => "BadRequest",
        };
        Self::new(status, code, message)
    }

    /// A nested error with the `message` of the live service, which has the WhatsApp code.
    pub(crate) fn with_inner(mut self, code: &str, message: &str) -> Self {
        self.inner = Some(Box::new(json!({"code": code, "message": message})));
        self
    }

    pub(crate) fn with_target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    pub(crate) fn with_details(mut self, details: Vec<Value>) -> Self {
        self.details = details;
        self
    }

    /// The body `{"error": …}`.
    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(target) = &self.target {
            error["target"] = json!(target);
        }
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        if let Some(inner) = &self.inner {
            error["innererror"] = Value::clone(inner);
        }
        json!({ "error": error })
    }

    /// The response with `body()` and the header `x-ms-error-code`.
    pub(crate) fn into_response(self) -> Response {
        let body = Bytes::from(self.body().to_string());
        Response::bytes(self.status, "application/json", body)
            .with_header("x-ms-error-code", self.code)
    }
}

/// What is wrong with `api-version`, in the service's words; `None` when it is supported.
pub(crate) fn api_version_problem(
    version: Option<&str>,
    supported: &[&str],
    resource: &str,
) -> Option<AcsError> {
    match version {
        Some(version) if supported.contains(&version) => None,
        Some(version) if !version.is_empty() => {
            let message = format!(
                "The HTTP resource that matches the request URI '{resource}' does not support \
                 the API version '{version}'."
            );
            let status = StatusCode::BAD_REQUEST;
            Some(AcsError::new(status, "UnsupportedApiVersion", message))
        }
        _ => {
            let message = "An API version is required, but was not specified.";
            let status = StatusCode::BAD_REQUEST;
            Some(AcsError::new(status, "ApiVersionUnspecified", message))
        }
    }
}

/// 403 for a user without the right to do this in a thread.
pub(crate) fn forbidden() -> AcsError {
    let message = "User is not allowed to perform specified action.";
    AcsError::of_status(StatusCode::FORBIDDEN, message)
}
