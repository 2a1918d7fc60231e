//! `POST /$batch`: up to 20 requests in one.

pub(crate) mod malformed;
pub(crate) mod order;
pub(crate) mod part;
pub(crate) mod run;

use http::StatusCode;
use serde_json::json;

use crate::{
    engine::{exchange::Exchange, outcome::Outcome},
    services::graph::{
        auth, error::GraphError, messages::validate, response, routes::Version, state::Graph,
    },
};

/// The published limit of a batch.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Carries out the parts one by one; a fault of a part that ends the connection or changes
/// the response is that of the whole batch.
pub(crate) fn handle(
    service: &Graph,
    exchange: &Exchange<'_>,
    version: Version,
) -> Result<Outcome, GraphError> {
    let request = exchange.request();
    auth::verify(service, request)?;
    if request.body.len() > MAX_BYTES {
        let message = "The batch request body is too large.";
        return Err(GraphError::of_status(
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        ));
    }
    let parts = part::parse(&validate::body(request)?)?;
    let order = order::of(&parts)?;
    let (responses, fault) = run::all(service, exchange, version, &parts, &order);
    let mut outcome = response::json(
        StatusCode::OK,
        json!({ "responses": responses }).to_string(),
    );
    outcome.fault = fault;
    Ok(outcome)
}
