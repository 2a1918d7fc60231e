//! Graph's error JSON.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::{
    engine::limits::Throttled,
    wire::{clock, request::Request, response::Response},
};

/// Where a 401 says that tokens are issued, and for which resource.
const CHALLENGE: &str = "Bearer realm=\"\", \
    authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
    client_id=\"00000003-0000-0000-c000-000000000000\"";

/// An error of Graph before it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
    throttled: Option<Throttled>,
}

impl GraphError {
    /// 429 for a request above a rate.
    pub(crate) fn throttled(throttled: Throttled) -> Self {
        Self {
            throttled: Some(throttled),
            ..Self::of_status(StatusCode::TOO_MANY_REQUESTS, "Please retry again later.")
        }
    }

    /// The error of a status, with the code that Graph is known to use.
    pub(crate) fn of_status(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status.as_u16() {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            410 => "syncStateNotFound",
            412 => "PreconditionFailed",
            413 => "RequestEntityTooLarge",
            424 => "FailedDependency",
            429 => "TooManyRequests",
            502 => "BadGateway",
            503 => "ServiceUnavailable",
            504 => "UnknownError",
            500..=599 => "InternalServerError",
            _ => "BadRequest",
        };
        Self {
            status,
            code,
            message: message.into(),
            throttled: None,
        }
    }

    /// An error with a code of its own.
    pub(crate) fn coded(status: StatusCode, code: &'static str, message: &str) -> Self {
        Self {
            code,
            ..Self::of_status(status, message)
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::of_status(StatusCode::BAD_REQUEST, message)
    }

    /// 400 for a body that is JSON but not what the operation takes.
    pub(crate) fn invalid_body() -> Self {
        Self::bad_request("Invalid request body was sent.")
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::of_status(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::of_status(StatusCode::FORBIDDEN, message)
    }

    /// 401 with the code `InvalidAuthenticationToken`.
    pub(crate) fn token(message: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "InvalidAuthenticationToken",
            message: message.to_owned(),
            throttled: None,
        }
    }

    /// 403 without a code, as observed at Graph for an expired token.
    pub(crate) fn no_authorization() -> Self {
        Self {
            code: "",
            ..Self::forbidden("No authorization information present on the request.")
        }
    }

    /// 412 for an app-only token where a user is needed.
    pub(crate) fn application_only() -> Self {
        let message = "Requested API is not supported in application-only context";
        Self::of_status(StatusCode::PRECONDITION_FAILED, message)
    }

    /// The response; `request_id` is that of its header, `now` in epoch milliseconds.
    pub(crate) fn into_response(self, request: &Request, request_id: &str, now: u64) -> Response {
        let mut inner = json!({
            "date": clock::rfc3339_seconds(now).trim_end_matches('Z'),
            "request-id": request_id,
        });
        if let Some(id) = request.header("client-request-id") {
            inner["client-request-id"] = json!(id);
        }
        let body = json!({
            "error": {"code": self.code, "message": self.message, "innerError": inner}
        });
        let response = Response::bytes(
            self.status,
            "application/json",
            Bytes::from(body.to_string()),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            return response.with_header("www-authenticate", CHALLENGE);
        }
        match self.throttled {
            Some(throttled) => throttled.mark(response),
            None => response,
        }
    }
}
