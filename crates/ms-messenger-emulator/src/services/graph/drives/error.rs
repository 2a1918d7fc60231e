//! The errors of drives, whose codes differ from those of Teams.

use http::StatusCode;

use crate::services::graph::error::GraphError;

/// Whether a path is one of drives.
pub(crate) fn concerns(path: &str) -> bool {
    let mut segments = path.trim_start_matches('/').split('/');
    match (segments.next(), segments.next()) {
        (Some("_api"), _) => true,
        (_, Some("drives" | "shares")) => true,
        (_, Some("me")) => segments.next() == Some("drive"),
        (_, Some("users")) => segments.nth(1) == Some("drive"),
        _ => false,
    }
}

/// The error of a status, with the code that drives use.
pub(crate) fn of_status(status: StatusCode, message: &str) -> GraphError {
    let code = match status.as_u16() {
        400 => "invalidRequest",
        401 => "unauthenticated",
        403 => "accessDenied",
        404 => "itemNotFound",
        409 => "nameAlreadyExists",
        412 => "resourceModified",
        416 => "invalidRange",
        423 => "notAllowed",
        429 => "activityLimitReached",
        500 => "generalException",
        501 => "notSupported",
        503 => "serviceNotAvailable",
        507 => "quotaLimitReached",
        _ => return GraphError::of_status(status, message),
    };
    GraphError::coded(status, code, message)
}

pub(crate) fn item_not_found() -> GraphError {
    of_status(StatusCode::NOT_FOUND, "The resource could not be found.")
}

pub(crate) fn no_session() -> GraphError {
    let message = "The upload session was not found.";
    of_status(StatusCode::NOT_FOUND, message)
}

pub(crate) fn access_denied() -> GraphError {
    of_status(StatusCode::FORBIDDEN, "Access denied")
}

pub(crate) fn unauthenticated(message: &str) -> GraphError {
    of_status(StatusCode::UNAUTHORIZED, message)
}

pub(crate) fn invalid(message: &str) -> GraphError {
    of_status(StatusCode::BAD_REQUEST, message)
}

pub(crate) fn name_exists() -> GraphError {
    let message = "The specified item name already exists.";
    of_status(StatusCode::CONFLICT, message)
}

pub(crate) fn modified() -> GraphError {
    let message = "ETag does not match current item's value";
    of_status(StatusCode::PRECONDITION_FAILED, message)
}

pub(crate) fn over_quota() -> GraphError {
    let message = "The user has reached their quota limit.";
    of_status(StatusCode::INSUFFICIENT_STORAGE, message)
}

pub(crate) fn invalid_range(message: &str) -> GraphError {
    of_status(StatusCode::RANGE_NOT_SATISFIABLE, message)
}
