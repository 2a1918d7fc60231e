//! `GET /_emulator/openapi.json`: the description of the admin API.

use bytes::Bytes;
use http::StatusCode;

use crate::wire::response::Response;

const DESCRIPTION: &str = include_str!("../../docs/admin-api.json");

/// Responds with the description, an OpenAPI 3.1 document.
pub(super) fn respond() -> Response {
    let body = Bytes::from_static(DESCRIPTION.as_bytes());
    Response::bytes(StatusCode::OK, "application/json; charset=utf-8", body)
}
