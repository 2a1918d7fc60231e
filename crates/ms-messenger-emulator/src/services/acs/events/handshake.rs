//! The handshake by which a receiver agrees to events.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::push::call::{self, Outgoing, Reply},
    services::acs::events::{
        bearer::authorize,
        envelope::{ORIGIN, body, headers},
        live::Live,
        source::Source,
        subscription::EventSchema,
    },
    wire::clock,
};

/// Performs the handshake. The error says what was wrong.
pub(crate) async fn perform(source: &Source, live: &Live) -> Result<(), String> {
    match live.subscription.schema {
        EventSchema::EventGrid => by_code(source, live).await,
        EventSchema::CloudEvents => by_options(source, live).await,
    }
}

async fn by_code(source: &Source, live: &Live) -> Result<(), String> {
    let engine = &source.engine;
    let code = code(source);
    let event = json!({
        "id": engine.response_id().to_string(),
        "topic": source.topic,
        "subject": "",
        "data": {
            "validationCode": code,
            "validationUrl": url_by_hand(source, &code),
        },
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": clock::rfc3339_ticks(engine.now_ms()),
        "metadataVersion": "1",
        "dataVersion": "2",
    });
    let reply = post(source, live, "SubscriptionValidation", event).await?;
    if reply.status != StatusCode::OK {
        return Err(format!(
            "the receiver responded to the validation event with {} in place of 200",
            reply.status.as_u16()
        ));
    }
    let response: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let response = response.as_ref();
    let echo = response.and_then(|it| it.get("validationResponse")?.as_str());
    match echo {
        Some(echo) if echo == code => Ok(()),
        Some(_) => Err("the validationResponse is not the validationCode".to_owned()),
        None if by_hand(source, live, &code) => Ok(()),
        None if response.is_none() => {
            Err("the response to the validation event is not JSON".to_owned())
        }
        None => Err("the response to the validation event has no validationResponse".to_owned()),
    }
}

/// What identifies a handshake.
fn code(source: &Source) -> String {
    let id = source.engine.response_id();
    id.to_string().to_ascii_uppercase()
}

/// Where a request validates the subscription.
fn url_by_hand(source: &Source, code: &str) -> String {
    let authority = &source.engine.authority;
    format!("http://{authority}/_emulator/event-validation?id={code}")
}

/// Whether the subscription is accepted for now, to be validated by hand.
fn by_hand(source: &Source, live: &Live, code: &str) -> bool {
    let is_accepted = live.subscription.is_validated_by_hand;
    if is_accepted {
        live.consent.await_by_hand(code, source.engine.now_ms());
    }
    is_accepted
}

/// Posts one event of Event Grid's own, in its own schema.
pub(crate) async fn post(
    source: &Source,
    live: &Live,
    kind: &'static str,
    event: Value,
) -> Result<Reply, String> {
    let (body, content_type) = body(EventSchema::EventGrid, false, vec![event]);
    let mut headers = headers(&live.subscription, kind, content_type, 0);
    authorize(
        &source.engine,
        &live.subscription,
        &source.tenant,
        &mut headers,
    );
    let outgoing = Outgoing {
        method: Method::POST,
        headers,
        body,
        is_chunked: false,
        is_lower_case: false,
    };
    send(live, &outgoing).await
}

async fn by_options(source: &Source, live: &Live) -> Result<(), String> {
    let code = code(source);
    let outgoing = Outgoing {
        method: Method::OPTIONS,
        headers: headers_of_options(source, live, &code),
        body: bytes::Bytes::new(),
        is_chunked: false,
        is_lower_case: false,
    };
    let reply = send(live, &outgoing).await?;
    if reply.status != StatusCode::OK {
        return Err(format!(
            "the receiver responded to OPTIONS with {} in place of 200",
            reply.status.as_u16()
        ));
    }
    let value = |name: &str| {
        let value = reply.headers.get(name)?;
        value.to_str().ok().map(str::trim)
    };
    match value("webhook-allowed-origin") {
        None if by_hand(source, live, &code) => return Ok(()),
        None => return Err("the response to OPTIONS has no WebHook-Allowed-Origin".to_owned()),
        Some("*") => {}
        Some(origin) if origin.eq_ignore_ascii_case(ORIGIN) => {}
        Some(_) => {
            return Err(format!(
                "the WebHook-Allowed-Origin is neither {ORIGIN} nor *"
            ));
        }
    }
    let is_rate = |rate: &str| rate == "*" || rate.parse::<u32>().is_ok_and(|rate| rate > 0);
    match value("webhook-allowed-rate") {
        None => Err("the response to OPTIONS has no WebHook-Allowed-Rate".to_owned()),
        Some(rate) if !is_rate(rate) => {
            Err("the WebHook-Allowed-Rate is neither a number nor *".to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn headers_of_options(source: &Source, live: &Live, code: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let own = [
        ("webhook-request-origin", ORIGIN),
        ("webhook-request-rate", "120"),
    ];
    for (name, value) in own {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
    if live.subscription.is_validated_by_hand
        && let Ok(url) = HeaderValue::try_from(url_by_hand(source, code))
    {
        let name = HeaderName::from_static("webhook-request-callback");
        headers.insert(name, url);
    }
    for (name, value) in &live.subscription.headers {
        headers.insert(name.clone(), value.clone());
    }
    let (engine, subscription) = (&source.engine, &live.subscription);
    authorize(engine, subscription, &source.tenant, &mut headers);
    headers
}

async fn send(live: &Live, outgoing: &Outgoing) -> Result<Reply, String> {
    let limit = Duration::from_millis(live.subscription.response_ms);
    let reply = call::call(&live.address, outgoing, limit).await;
    reply.map_err(|failure| failure.to_string())
}
