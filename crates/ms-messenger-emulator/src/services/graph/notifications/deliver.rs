//! Delivers the notifications of one subscription, one request after the other.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    engine::{
        push::{call::Outgoing, pending::Pending, queue::Attempt},
        resources::Engine,
    },
    services::graph::notifications::{
        live::{Live, Notice, TokenKind},
        pace::Pace,
    },
};

/// The application id by which Graph signs.
const GRAPH_APP: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
/// The waits after the first attempts; every later one is the last of these (a guess).
const WAITS: [u64; 7] = [
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
];
/// How long a notification is retried.
const LIFE: u64 = 240 * MINUTE;
const TOKEN_LIFE_S: u64 = 3600;

/// Delivers what is due, until it is ended.
pub(crate) async fn run(engine: Arc<Engine>, live: Arc<Live>, tenant: String, pace: Arc<Pace>) {
    loop {
        let batch = live.queue.next(1, &engine.clock).await;
        let Some(pending) = batch.first() else {
            continue;
        };
        let address = {
            let subscription = live.subscription();
            match &subscription.lifecycle {
                Some((_, lifecycle)) if pending.content.is_lifecycle => lifecycle.clone(),
                _ => subscription.address.clone(),
            }
        };
        let outgoing = outgoing(&engine, &live, &tenant, pending);
        let attempt = Attempt {
            address: &address,
            outgoing: &outgoing,
            limit: pace.limit(),
            is_success: |status| status.is_success(),
        };
        let again = |_, pending| again(&engine, &live, &pace, pending);
        live.queue
            .deliver(batch, attempt, &engine.clock, again)
            .await;
    }
}

/// Plans the next attempt, or loses the notification.
fn again(engine: &Engine, live: &Live, pace: &Pace, pending: Pending<Notice>) {
    let (factor, delivery) = (pace.factor(), &pending.delivery);
    let index = usize::try_from(delivery.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let due = engine.now_ms() + WAITS[index.min(WAITS.len() - 1)] / factor;
    if due > delivery.first_due + LIFE / factor {
        live.queue.count_lost();
    } else {
        live.queue.push(due, pending);
    }
}

fn outgoing(engine: &Engine, live: &Live, tenant: &str, pending: &Pending<Notice>) -> Outgoing {
    let mut body = json!({"value": pending.content.items});
    let is_encrypted = |item: &Value| item.get("encryptedContent").is_some();
    if pending.content.items.iter().any(is_encrypted) {
        body["validationTokens"] = json!([token(engine, live, tenant, pending.content.token)]);
    }
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    headers.insert(CONTENT_TYPE, json);
    Outgoing {
        method: Method::POST,
        headers,
        body: body.to_string().into(),
        is_chunked: pending.delivery.is_chunked,
        is_lower_case: pending.delivery.is_lower_case,
    }
}

/// The token by which the receiver knows that Graph calls.
fn token(engine: &Engine, live: &Live, tenant: &str, kind: TokenKind) -> String {
    let app = live.subscription().app.clone();
    let foreign = Uuid::from_u128(u128::MAX / 3).to_string();
    let publisher = if kind == TokenKind::Foreign {
        &foreign
    } else {
        GRAPH_APP
    };
    let claims = json!({
        "aud": app,
        "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
        "tid": tenant,
        "azp": publisher,
        "azpacr": "2",
        "oid": publisher,
        "sub": publisher,
        "ver": "2.0",
    });
    let now = engine.now_ms() / 1000;
    let issued = match kind {
        TokenKind::Expired => now.saturating_sub(2 * TOKEN_LIFE_S),
        _ => now,
    };
    engine.push_tokens.token(claims, issued, TOKEN_LIFE_S)
}
