//! The claims challenge of Continuous Access Evaluation.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header::WWW_AUTHENTICATE;

use crate::{
    services::graph::{error::GraphError, response::decorate, state::Graph},
    wire::{request::Request, response::Response},
};

const MESSAGE: &str = "Continuous access evaluation resulted in challenge with result: \
    InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";

/// 401 that asks for a token with `claims` (JSON text).
pub(crate) fn challenge(service: &Graph, request: &Request, claims: &str) -> Response {
    let request_id = service.engine.response_id().to_string();
    let response =
        GraphError::token(MESSAGE).into_response(request, &request_id, service.engine.now_ms());
    let mut response = decorate(response, request, &request_id);
    let value = format!(
        "Bearer realm=\"\", \
         authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         error=\"insufficient_claims\", claims=\"{}\"",
        STANDARD.encode(claims)
    );
    response.set_header(WWW_AUTHENTICATE, &value);
    response
}
