//! `POST /$batch`: up to 20 requests in one.

mod order;
mod part;
mod run;

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use crate::engine::resources::{Outcome, Shared};
use crate::services::graph;
use crate::services::graph::Version;
use crate::services::graph::auth;
use crate::services::graph::error::GraphError;
use crate::services::graph::messages;
use crate::wire::request::Request;

/// The published limits of a batch.
const MAX_PARTS: usize = 20;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Carries out the parts, each by itself; a fault of a part that ends the connection or changes
/// the answer is that of the whole batch.
pub(crate) fn handle(
    shared: &Arc<Shared>,
    version: Version,
    request: &Request,
) -> Result<Outcome, GraphError> {
    auth::verify(shared, request)?;
    if request.body.len() > MAX_BYTES {
        let message = "The batch request body is too large.";
        return Err(GraphError::of_status(
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        ));
    }
    let parts = part::parse(&messages::body(request)?)?;
    let order = order::of(&parts)?;
    let (responses, fault) = run::all(shared, version, request, &parts, &order);
    let mut outcome = graph::json(
        StatusCode::OK,
        json!({ "responses": responses }).to_string(),
    );
    outcome.fault = fault;
    Ok(outcome)
}

fn malformed(reason: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid batch payload format: {reason}"))
}
