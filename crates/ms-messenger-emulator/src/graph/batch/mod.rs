//! `POST /$batch`: up to 20 requests in one.

mod order;
mod part;
mod run;

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use crate::graph;
use crate::graph::Version;
use crate::graph::auth;
use crate::graph::error::GraphError;
use crate::graph::messages;
use crate::inbound::Inbound;
use crate::shared::{Outcome, Shared};

/// The published limits of a batch.
const MAX_PARTS: usize = 20;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Carries out the parts, each by itself; a fault of a part that ends the connection or changes
/// the answer is that of the whole batch.
pub(crate) fn handle(
    shared: &Arc<Shared>,
    version: Version,
    inbound: &Inbound,
) -> Result<Outcome, GraphError> {
    auth::verify(shared, inbound)?;
    if inbound.body.len() > MAX_BYTES {
        let message = "The batch request body is too large.";
        return Err(GraphError::of_status(
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        ));
    }
    let parts = part::parse(&messages::body(inbound)?)?;
    let order = order::of(&parts)?;
    let (responses, fault) = run::all(shared, version, inbound, &parts, &order);
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
