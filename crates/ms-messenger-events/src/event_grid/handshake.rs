//! The handshakes before the first event.

use std::num::NonZeroU32;

use http::{HeaderName, HeaderValue, StatusCode, header::ALLOW};

use super::event::Event;
use crate::{incoming::Incoming, rejection::Rejection, reply::Reply};

const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
const LONGEST_CODE: usize = 1024;

/// Responds to the handshake of CloudEvents, by which the sender asks for permission to deliver.
pub(super) fn allow(
    request: &Incoming<'_>,
    origins: &[String],
    rate: Option<NonZeroU32>,
) -> Result<Reply, Rejection> {
    // A preflight of a browser is an OPTIONS too, and has none.
    let origin = request.headers.get("webhook-request-origin");
    let origin = origin.ok_or(Rejection::Method)?;
    let is_origin = |it: &String| it.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
    if !origins.iter().any(is_origin) {
        return Err(Rejection::ForeignOrigin);
    }
    let rate = rate.map_or(HeaderValue::from_static("*"), |it| it.get().into());
    let header = HeaderName::from_static;
    Ok(Reply::new(StatusCode::OK)
        .with_header(header("webhook-allowed-origin"), origin.clone())
        .with_header(header("webhook-allowed-rate"), rate)
        .with_header(ALLOW, HeaderValue::from_static("POST")))
}

/// Responds to the handshake of the Event Grid schema, if `event` is one. The URL that it also has
/// is never fetched: the request alone names it.
pub(super) fn validate(
    event: &Event,
    request: &Incoming<'_>,
    subscriptions: &[String],
) -> Result<Option<Reply>, Rejection> {
    if !event.event_type.eq_ignore_ascii_case(VALIDATION) {
        return Ok(None);
    }
    let name = request.header("aeg-subscription-name").unwrap_or_default();
    let is_known = subscriptions.iter().any(|it| it.eq_ignore_ascii_case(name));
    if !subscriptions.is_empty() && !is_known {
        return Err(Rejection::ForeignSubscription);
    }
    let raw: serde_json::Value = serde_json::from_str(event.raw()).unwrap_or_default();
    let code = raw["data"]["validationCode"].as_str().unwrap_or_default();
    if code.is_empty() || code.len() > LONGEST_CODE {
        return Err(Rejection::Malformed(
            "a subscription validation with a code",
        ));
    }
    let body = serde_json::json!({ "validationResponse": code }).to_string();
    let reply = Reply::new(StatusCode::OK).with_body("application/json", body.into_bytes());
    Ok(Some(reply))
}
