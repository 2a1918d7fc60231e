//! `/_emulator/graph-notifications`: the pace of deliveries, and lifecycle events on demand.

use std::sync::{Arc, atomic::Ordering};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, document, ok, refusal},
        refusal::Refusal,
    },
    services::graph::notifications::{hub::Hub, live::Live},
    wire::{request::Request, response::Response},
};

const EVENTS: [&str; 3] = ["reauthorizationRequired", "subscriptionRemoved", "missed"];
const MAX_FACTOR: u64 = 1_000_000;
const MAX_RESPONSE_MS: u64 = 300_000;

/// The response to a request of these paths; `None` for another path.
pub(crate) fn handle(hub: &Hub, path: &str, request: &Request) -> Option<Response> {
    match (path, &request.method) {
        ("graph-notifications", &Method::GET) => Some(ok(&shown(hub))),
        ("graph-notifications", &Method::PUT) => Some(with_members(request, |it| pace(hub, it))),
        ("graph-notifications/lifecycle", &Method::POST) => {
            Some(with_members(request, |it| lifecycle(hub, it)))
        }
        ("graph-notifications" | "graph-notifications/lifecycle", _) => {
            Some(refusal(Refusal::WrongMethod))
        }
        _ => None,
    }
}

/// Responds by the members of the body, or that it has none.
fn with_members(
    request: &Request,
    respond: impl FnOnce(&Map<String, Value>) -> Response,
) -> Response {
    match document(request) {
        Ok(Value::Object(members)) => respond(&members),
        Ok(_) => {
            let problem = "the body must be an object".to_owned();
            bad_request("InvalidNotifications", &[problem])
        }
        Err(refusal) => *refusal,
    }
}

fn shown(hub: &Hub) -> Value {
    let one = |live: &Arc<Live>| {
        let subscription = live.subscription();
        json!({
            "id": subscription.id,
            "resource": subscription.resource,
            "paused": live.is_paused.load(Ordering::Relaxed),
            "waiting": live.queue.len(),
            "delivered": live.queue.delivered(),
            "lost": live.queue.lost(),
        })
    };
    json!({
        "time_factor": hub.pace.factor(),
        "response_ms": hub.pace.response_ms(),
        "subscriptions": hub.all().iter().map(one).collect::<Vec<Value>>(),
    })
}

fn unknown(document: &Map<String, Value>, known: &[&str]) -> Vec<String> {
    let names = document
        .keys()
        .filter(|name| !known.contains(&name.as_str()));
    let known = known.join(", ");
    names
        .map(|name| format!("{name}: is unknown here; known: {known}"))
        .collect()
}

fn pace(hub: &Hub, document: &Map<String, Value>) -> Response {
    let mut problems = unknown(document, &["time_factor", "response_ms"]);
    let mut number = |name: &str, usual: u64, to: u64| match document.get(name) {
        None => usual,
        Some(number) => {
            let number = number.as_u64().filter(|n| (1..=to).contains(n));
            if number.is_none() {
                problems.push(format!("{name}: must be a whole number from 1 to {to}"));
            }
            number.unwrap_or(usual)
        }
    };
    let factor = number("time_factor", hub.pace.factor(), MAX_FACTOR);
    let response_ms = number("response_ms", hub.pace.response_ms(), MAX_RESPONSE_MS);
    if !problems.is_empty() {
        return bad_request("InvalidNotifications", &problems);
    }
    hub.pace.set(factor, response_ms);
    ok(&shown(hub))
}

fn lifecycle(hub: &Hub, document: &Map<String, Value>) -> Response {
    let mut problems = unknown(document, &["subscription", "event"]);
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let event = EVENTS.iter().find(|known| text("event") == Some(known));
    if event.is_none() {
        let rule = format!("is required and must be one of {}", EVENTS.join(", "));
        problems.push(format!("event: {rule}"));
    }
    let all = hub.all();
    let live = all
        .iter()
        .find(|live| text("subscription") == Some(&live.subscription().id));
    if live.is_none() {
        problems.push("subscription: must be the id of a subscription in force".to_owned());
    }
    let (Some(live), Some(event), true) = (live, event, problems.is_empty()) else {
        return bad_request("InvalidLifecycle", &problems);
    };
    if live.subscription().lifecycle.is_none() {
        let problem = "subscription: has no lifecycleNotificationUrl";
        return bad_request("InvalidLifecycle", &[problem.to_owned()]);
    }
    hub.lifecycle(live, event);
    Response::empty(StatusCode::ACCEPTED)
}
