//! The handshake by which a receiver agrees to events.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
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
    let code = engine.response_id().to_string().to_ascii_uppercase();
    let (now, authority) = (engine.now_ms(), &engine.authority);
    let event = json!({
        "id": engine.response_id().to_string(),
        "topic": source.topic,
        "subject": "",
        "data": {
            "validationCode": code,
            "validationUrl": format!("http://{authority}/_emulator/event-subscriptions/validate?id={code}"),
        },
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": clock::rfc3339_ticks(now),
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
    let response: Value = serde_json::from_slice(&reply.body)
        .map_err(|_| "the response to the validation event is not JSON".to_owned())?;
    match response.get("validationResponse").and_then(Value::as_str) {
        None => Err("the response to the validation event has no validationResponse".to_owned()),
        Some(response) if response != code => {
            Err("the validationResponse is not the validationCode".to_owned())
        }
        Some(_) => Ok(()),
    }
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
    let mut headers = http::HeaderMap::new();
    let own = [
        ("webhook-request-origin", ORIGIN),
        ("webhook-request-rate", "120"),
    ];
    for (name, value) in own {
        let name = HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in &live.subscription.headers {
        headers.insert(name.clone(), value.clone());
    }
    authorize(
        &source.engine,
        &live.subscription,
        &source.tenant,
        &mut headers,
    );
    let outgoing = Outgoing {
        method: Method::OPTIONS,
        headers,
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
        None => return Err("the response to OPTIONS has no WebHook-Allowed-Origin".to_owned()),
        Some("*") => {}
        Some(origin) if origin.eq_ignore_ascii_case(ORIGIN) => {}
        Some(_) => {
            return Err(format!(
                "the WebHook-Allowed-Origin is neither {ORIGIN} nor *"
            ));
        }
    }
    let rate = value("webhook-allowed-rate");
    let is_rate = |rate: &str| rate == "*" || rate.parse::<u32>().is_ok_and(|rate| rate > 0);
    match rate {
        None => Err("the response to OPTIONS has no WebHook-Allowed-Rate".to_owned()),
        Some(rate) if !is_rate(rate) => {
            Err("the WebHook-Allowed-Rate is neither a number nor *".to_owned())
        }
        Some(_) => Ok(()),
    }
}

async fn send(live: &Live, outgoing: &Outgoing) -> Result<Reply, String> {
    let limit = Duration::from_millis(live.subscription.response_ms);
    let reply = call::call(&live.address, outgoing, limit).await;
    reply.map_err(|failure| failure.to_string())
}
