//! The exchanges: every request about a message, and what its client was told.

use http::StatusCode;
use serde_json::json;

use crate::{
    admin::inbox::{
        item::{exchange, whole_exchange},
        query::Parameters,
    },
    engine::{
        admin_response::{error, ok},
        exchanges::Kept,
        registry::Registry,
    },
    wire::{request::Request, response::Response},
};

const MOST: usize = 200;

/// The states that exchanges are filtered by.
const STATES: [&str; 5] = ["stored", "not_stored", "fault", "rejected", "unanswered"];

/// Responds with `{exchanges, next}`, the newest first.
pub(super) fn list(registry: &Registry, request: &Request) -> Response {
    let mut parameters = Parameters::new(request, &["platform", "state", "before", "limit"]);
    let platform = parameters.platform(registry);
    let state = parameters.word("state", &STATES);
    let before = parameters.number("before").unwrap_or(u64::MAX);
    let limit = parameters.limit(50, MOST);
    if let Some(refusal) = parameters.refusal() {
        return refusal;
    }
    let exchanges = registry.engine.activity.exchanges();
    let is_wanted = |kept: &&Kept| {
        let has_rows = !exchanges.rows_of(kept.number).is_empty();
        platform.is_none_or(|platform| platform == kept.platform)
            && state.is_none_or(|state| is_in(kept, has_rows, state))
    };
    let found = exchanges.newest_first(before).filter(is_wanted);
    let found: Vec<&Kept> = found.take(limit + 1).collect();
    let next = found.get(limit).and_then(|_| found.get(limit - 1));
    let next = next.map(|kept| kept.number);
    let shown = found.iter().take(limit);
    let shown = shown.map(|kept| exchange(kept, exchanges.rows_of(kept.number)));
    let shown: Vec<_> = shown.collect();
    ok(&json!({"exchanges": shown, "next": next}))
}

fn is_in(kept: &Kept, has_rows: bool, state: &str) -> bool {
    match state {
        "stored" => has_rows,
        "not_stored" => !has_rows,
        "fault" => kept.has_fault,
        "rejected" => kept.status.is_some_and(|status| status.as_u16() >= 400),
        _ => kept.status.is_none(),
    }
}

/// Responds with one exchange, its request and its response.
pub(super) fn one(registry: &Registry, request: &Request) -> Response {
    let mut parameters = Parameters::new(request, &["number"]);
    let number = parameters.number("number");
    if number.is_none() {
        parameters.required("number");
    }
    if let Some(refusal) = parameters.refusal() {
        return refusal;
    }
    let exchanges = registry.engine.activity.exchanges();
    match number.and_then(|number| exchanges.get(number)) {
        Some(kept) => ok(&whole_exchange(kept, exchanges.rows_of(kept.number))),
        None => {
            let text = "There is no such exchange, or it is not kept any more.";
            error(StatusCode::NOT_FOUND, "NoSuchExchange", text, &[])
        }
    }
}
