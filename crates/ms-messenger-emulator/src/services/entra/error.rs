//! The error body of the token endpoints.

use http::StatusCode;
use serde_json::json;

use crate::{
    services::entra::state::Entra,
    wire::{clock, request::Request, response::Response},
};

/// A refusal, as clients branch on it: by `error`, `suberror` and `claims`.
#[derive(Clone, Debug)]
pub(crate) struct EntraError {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    /// The number behind `AADSTS`.
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) suberror: Option<String>,
    pub(crate) claims: Option<String>,
}

impl EntraError {
    /// 401 for `invalid_client`, else 400.
    pub(crate) fn new(error: &str, code: u32, message: impl Into<String>) -> Self {
        let status = match error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            error: error.to_owned(),
            code,
            message: message.into(),
            suberror: None,
            claims: None,
        }
    }

    pub(crate) fn invalid_grant(code: u32, message: &str) -> Self {
        Self::new("invalid_grant", code, message)
    }

    /// A form or query member that must be there is not.
    pub(crate) fn missing(name: &str) -> Self {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        Self::new("invalid_request", 900_144, message)
    }

    /// `AADSTS<n>: …`, the text before the ids.
    pub(crate) fn headline(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.message)
    }

    /// The response of the token endpoints.
    pub(crate) fn response(&self, service: &Entra, request: &Request) -> Response {
        let trace = service.engine.guid().to_string();
        let asked = request.client_request_id();
        let asked = asked.and_then(|id| uuid::Uuid::parse_str(id).ok());
        let correlation = asked.unwrap_or_else(|| service.engine.guid()).to_string();
        let timestamp = clock::rfc3339_seconds(service.engine.now_ms()).replace('T', " ");
        let mut body = json!({
            "error": self.error,
            "error_description": format!(
                "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
                self.headline()
            ),
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if let Some(suberror) = &self.suberror {
            body["suberror"] = json!(suberror);
        }
        if let Some(claims) = &self.claims {
            body["claims"] = json!(claims);
        }
        Response::json(self.status, &body).with_header("x-ms-request-id", &trace)
    }
}
