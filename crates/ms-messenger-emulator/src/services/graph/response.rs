//! The forms of Graph's responses.

use bytes::Bytes;
use http::{HeaderName, StatusCode};

use crate::{
    engine::outcome::Outcome,
    services::graph::{drives::error as of_drives, error::GraphError, state::Graph},
    wire::{request::Request, response::Response},
};

pub(crate) const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"Loopback","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"emulator"}}"#;

/// The error body of a bare status.
pub(crate) fn status_error(
    service: &Graph,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    let error = if of_drives::concerns(request.path()) {
        of_drives::of_status(status, message)
    } else {
        GraphError::of_status(status, message)
    };
    refusal(service, request, error)
}

/// The whole response of an error.
pub(crate) fn refusal(service: &Graph, request: &Request, error: GraphError) -> Response {
    let request_id = service.engine.response_id().to_string();
    let response = error.into_response(request, &request_id, service.engine.now_ms());
    decorate(response, request, &request_id)
}

pub(crate) fn decorate(response: Response, request: &Request, request_id: &str) -> Response {
    let mut response = response
        .with_header("request-id", request_id)
        .with_header("odata-version", "4.0")
        .with_header("cache-control", "private")
        .with_header("x-ms-ags-diagnostic", DIAGNOSTIC);
    if let Some(id) = request.header("client-request-id") {
        response.set_header(HeaderName::from_static("client-request-id"), id);
    }
    response
}

/// A response in Graph's JSON that stored no message.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Outcome {
    Outcome::new(Response::bytes(status, JSON, body.into()), false)
}
