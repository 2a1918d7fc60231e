//! The handshake by which a receiver agrees to notifications.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};

use crate::{
    engine::{
        push::{
            address::Address,
            call::{NoReply, Outgoing, call},
        },
        resources::Engine,
    },
    services::graph::error::GraphError,
};

/// Asks a receiver for its consent.
pub(crate) async fn validate(
    engine: &Engine,
    address: &Address,
    limit: Duration,
) -> Result<(), GraphError> {
    let request = engine.response_id();
    let token = format!(
        "Validation: Testing client application reachability for subscription Request-Id: {request}"
    );
    let mut headers = HeaderMap::new();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, text);
    let outgoing = Outgoing {
        method: Method::POST,
        headers,
        body: Bytes::new(),
        is_chunked: false,
        is_lower_case: false,
    };
    let address = address.with_query("validationToken", &token);
    let reply = match call(&address, &outgoing, limit).await {
        Ok(reply) => reply,
        Err(NoReply::Timeout) => {
            let message = "Subscription validation request timed out.";
            return Err(GraphError::coded(
                StatusCode::BAD_REQUEST,
                "InvalidRequest",
                message,
            ));
        }
        Err(_) => return Err(failed(RESPOND)),
    };
    if reply.status != StatusCode::OK {
        return Err(failed(RESPOND));
    }
    let media_type = reply.headers.get(CONTENT_TYPE);
    let is_text = media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    if !is_text || reply.body != token.as_bytes() {
        return Err(failed(MATCH));
    }
    Ok(())
}

const RESPOND: &str = "Notification endpoint must respond with 200 OK to validation request.";
const MATCH: &str = "Response must exactly match validationToken query parameter.";

fn failed(why: &str) -> GraphError {
    let message = format!("Subscription validation request failed. {why}");
    GraphError::coded(StatusCode::BAD_REQUEST, "ValidationError", &message)
}
