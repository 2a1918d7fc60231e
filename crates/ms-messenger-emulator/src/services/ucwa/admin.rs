//! `/_emulator/ucwa/clock`: UCWA's durations pass at once.

use http::Method;
use serde_json::{Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, ok, refusal},
        refusal::Refusal,
    },
    services::ucwa::{kept, state::Ucwa, transaction::with_tx},
    wire::{request::Request, response::Response},
};

/// A day, in seconds: longer than any of UCWA's durations.
const MOST_S: u64 = 86_400;

/// Responds to `POST /_emulator/ucwa/clock` with `{"advance_s": N}`, in UCWA's seconds.
pub(super) fn handle(service: &Ucwa, request: &Request) -> Response {
    if request.method != Method::POST {
        let response = refusal(Refusal::WrongMethod);
        return response.with_header("allow", "POST");
    }
    let document: Value = match serde_json::from_slice(&request.body) {
        Ok(document) => document,
        Err(e) => return bad_request("InvalidJson", &[format!("the body is not JSON: {e}")]),
    };
    let mut problems = Vec::new();
    let names = document.as_object().into_iter().flat_map(|all| all.keys());
    if names.into_iter().any(|name| name != "advance_s") {
        problems.push("the document has one member, advance_s".to_owned());
    }
    let seconds = document["advance_s"].as_u64();
    let seconds = seconds.filter(|seconds| (1..=MOST_S).contains(seconds));
    if seconds.is_none() {
        problems.push(format!(
            "advance_s: must be a whole number from 1 to {MOST_S}"
        ));
    }
    match seconds.filter(|_| problems.is_empty()) {
        Some(seconds) => {
            advance(service, seconds);
            ok(&json!({"advanced_s": seconds}))
        }
        None => bad_request("InvalidClock", &problems),
    }
}

fn advance(service: &Ucwa, seconds: u64) {
    service.clock.advance(service.settings.seconds(seconds));
    service.deadline_set.notify_one();
    // Held requests look at the time again.
    with_tx(service, |tx| {
        kept::keep_clock(service);
        for application in tx.store.applications.values() {
            application.channel.wake();
        }
    });
}
