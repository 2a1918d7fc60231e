//! The claims challenge of Continuous Access Evaluation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::WWW_AUTHENTICATE;

use super::decorate;
use crate::answer::Answer;
use crate::graph::error::GraphError;
use crate::inbound::Inbound;
use crate::shared::Shared;

const MESSAGE: &str = "Continuous access evaluation resulted in challenge with result: \
    InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";

/// 401 that asks for a token with `claims` (JSON text).
pub(crate) fn challenge(shared: &Shared, inbound: &Inbound, claims: &str) -> Answer {
    let request_id = shared.answer_id().to_string();
    let answer = GraphError::token(MESSAGE).into_answer(inbound, &request_id, shared.now_ms());
    let mut answer = decorate(answer, inbound, &request_id);
    let value = format!(
        "Bearer realm=\"\", \
         authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
         error=\"insufficient_claims\", claims=\"{}\"",
        STANDARD.encode(claims)
    );
    answer.set_header(WWW_AUTHENTICATE, &value);
    answer
}
