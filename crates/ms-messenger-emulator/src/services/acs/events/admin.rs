//! `/_emulator/event-subscriptions`, `/_emulator/event-validation` and `/_emulator/message-statuses`.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, document, ok, refusal},
        refusal::Refusal,
        service::BoxFuture,
    },
    services::acs::{
        events::{handshake, hub::Hub, kept, live::Live, read, statuses::MessageStatuses},
        family::Acs,
    },
    wire::{clock, path::decode_segment, request::Request, response::Response},
};

/// The response to a request of these paths; `None` for another path.
pub(crate) fn handle(service: &Acs, path: &str, request: &Request) -> Option<Response> {
    let hub = &service.events;
    if let Some(restored) = kept::restore(hub, path, request) {
        return Some(restored);
    }
    if path == "message-statuses" {
        return Some(statuses(hub, request));
    }
    if path == "event-validation" {
        return Some(validate(hub, request));
    }
    let (rest, now) = (path.strip_prefix("event-subscriptions")?, hub.now());
    let shown = |all: Vec<Arc<Live>>| all.iter().map(|live| live.to_json(now)).collect::<Value>();
    let segments: Vec<&str> = rest.split('/').skip(1).collect();
    let is_get = request.method == Method::GET;
    Some(match segments.as_slice() {
        [] if rest.is_empty() && is_get => ok(&shown(hub.all())),
        [] if rest.is_empty() => refusal(Refusal::WrongMethod),
        [name] if is_get => match named(hub, name) {
            Some(live) => ok(&live.to_json(now)),
            None => refusal(Refusal::Unrouted),
        },
        [_] => refusal(Refusal::WrongMethod),
        [name, "dead-letters"] if is_get => match named(hub, name) {
            Some(live) => ok(&Value::Array(live.dead_letters())),
            None => refusal(Refusal::Unrouted),
        },
        [_, "dead-letters"] => refusal(Refusal::WrongMethod),
        _ => return None,
    })
}

fn named(hub: &Hub, name: &str) -> Option<Arc<Live>> {
    hub.find(&decode_segment(name)?)
}

/// The response to a request that calls the receiver: a new subscription, or the end of one.
pub(crate) fn handle_later(
    service: &Arc<Acs>,
    path: &str,
    request: &Request,
) -> Option<BoxFuture<'static, Response>> {
    let rest = path.strip_prefix("event-subscriptions")?;
    let name = rest.strip_prefix('/');
    let service = Arc::clone(service);
    match request.method {
        Method::PUT if rest.is_empty() => {
            let body = request.body.clone();
            Some(Box::pin(async move { put(&service.events, &body).await }))
        }
        Method::DELETE if rest.is_empty() || name.is_some_and(|name| !name.contains('/')) => {
            let name = name.map(|name| decode_segment(name).unwrap_or_default());
            Some(Box::pin(
                async move { delete(&service, name.as_deref()).await },
            ))
        }
        _ => None,
    }
}

async fn put(hub: &Hub, body: &[u8]) -> Response {
    let document: Value = match serde_json::from_slice(body) {
        Ok(document) => document,
        Err(e) => return bad_request("InvalidJson", &[format!("the body is not JSON: {e}")]),
    };
    let (subscription, address) = match read::subscription(&document) {
        Ok(read) => read,
        Err(problems) => return bad_request("InvalidEventSubscription", &problems),
    };
    match hub.subscribe(Live::new(subscription, address)).await {
        Ok(shown) => ok(&shown),
        Err(problem) => bad_request("HandshakeFailed", &[format!("url: {problem}")]),
    }
}

/// Ends subscriptions, and says so to their receivers, whatever these respond.
async fn delete(service: &Acs, name: Option<&str>) -> Response {
    let ended = service.events.remove(name);
    if ended.is_empty() && name.is_some() {
        return refusal(Refusal::Unrouted);
    }
    for live in &ended {
        kept::keep(&service.events, &live.subscription.name);
    }
    for live in ended {
        let engine = &service.engine;
        let event = json!({
            "id": engine.response_id().to_string(),
            "topic": service.events.source().topic,
            "subject": "",
            "data": {"eventSubscriptionId": live.subscription.name},
            "eventType": "Microsoft.EventGrid.SubscriptionDeletedEvent",
            "eventTime": clock::rfc3339_ticks(engine.now_ms()),
            "metadataVersion": "1",
            "dataVersion": "2",
        });
        let _ = handshake::post(
            service.events.source(),
            &live,
            "SubscriptionDeletion",
            event,
        )
        .await;
    }
    Response::empty(StatusCode::NO_CONTENT)
}

/// The request by which a receiver is validated by hand.
fn validate(hub: &Hub, request: &Request) -> Response {
    if !matches!(request.method, Method::GET | Method::POST) {
        return refusal(Refusal::WrongMethod);
    }
    if hub.validate(request.query.value("id").unwrap_or_default()) {
        return ok(&json!(
            "Webhook successfully validated as a subscription endpoint."
        ));
    }
    let problem = "id: is of no handshake that waits to be validated";
    bad_request("ValidationFailed", &[problem.to_owned()])
}

fn statuses(hub: &Hub, request: &Request) -> Response {
    match request.method {
        Method::GET => ok(&hub.statuses().to_json()),
        Method::PUT => {
            let document = match document(request) {
                Ok(document) => document,
                Err(refusal) => return *refusal,
            };
            match MessageStatuses::read(&document) {
                Ok(statuses) => {
                    let shown = statuses.to_json();
                    hub.set_statuses(statuses);
                    ok(&shown)
                }
                Err(problems) => bad_request("InvalidMessageStatuses", &problems),
            }
        }
        _ => refusal(Refusal::WrongMethod),
    }
}
