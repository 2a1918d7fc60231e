//! Graph's error bodies.

use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::clock;
use crate::inbound::Inbound;
use crate::shared::Shared;

/// A refusal: status, code and message.
#[derive(Clone, Debug)]
pub(super) struct GraphError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl GraphError {
    pub(super) fn of_status(status: StatusCode, message: &str) -> Self {
        let code = match status.as_u16() {
            400 | 405 => "BadRequest",
            401 => "InvalidAuthenticationToken",
            402 => "PaymentRequired",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            412 => "PreconditionFailed",
            413 => "RequestEntityTooLarge",
            429 => "TooManyRequests",
            500 => "InternalServerError",
            502 => "BadGateway",
            503 => "ServiceUnavailable",
            _ => "UnknownError",
        };
        Self {
            status,
            code,
            message: message.to_owned(),
        }
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::of_status(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self::of_status(StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::of_status(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::of_status(StatusCode::NOT_FOUND, message)
    }

    /// The body that the service writes: `date` has no zone and means UTC.
    pub(super) fn answer(&self, shared: &Shared, inbound: &Inbound) -> Answer {
        let request_id = shared.guid().to_string();
        let client_id = inbound.client_request_id().unwrap_or(&request_id);
        let date = clock::rfc3339_seconds(clock::now_ms());
        let body = json!({"error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": date.trim_end_matches('Z'),
                "request-id": request_id,
                "client-request-id": client_id,
            },
        }});
        Answer::json(self.status, &body).with_header("request-id", &request_id)
    }
}
