//! The admin API under `/_emulator`.

mod inject;
mod origin;
mod page;
mod templates;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::engine::dispatch::Refusal;
use crate::engine::faults::Faults;
use crate::engine::ledger::{Filter, KeptRow, LedgerRow};
use crate::engine::platform::Platform;
use crate::engine::resources::Shared;
use crate::services::acs::messages::template_list;
use crate::services::entra;
use crate::wire::clock;
use crate::wire::request::Request;
use crate::wire::response::Response;

pub use inject::InvalidInjection;
pub(crate) use inject::{Said, inject};
pub(crate) use page::{page, wants_page};
pub use tokens::InvalidTokenRequest;
pub(crate) use tokens::issue as issue_token;

const DEFAULT_WAIT_MS: u64 = 5_000;
const MAX_WAIT_MS: u64 = 300_000;

/// Answers an admin request; `path` is what follows `/_emulator/`.
pub(crate) async fn handle(shared: &Arc<Shared>, path: &str, request: &Request) -> Response {
    if let Err(problem) = origin::check(request, &shared.settings.hosts) {
        return error(StatusCode::FORBIDDEN, "Foreign", &problem, &[]);
    }
    match (path, &request.method) {
        ("health", &Method::GET) => ok(&json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": shared.settings.seed,
        })),
        ("messages", &Method::GET) => messages(shared, request),
        ("wait", &Method::GET) => wait(shared, request).await,
        ("stats", &Method::GET) => ok(&shared.stats_json()),
        ("reset", &Method::POST) => {
            shared.reset();
            Response::empty(StatusCode::NO_CONTENT)
        }
        ("faults", &Method::GET) => ok(&shared.faults().to_json()),
        ("faults", &Method::PUT) => put_faults(shared, request),
        ("faults", &Method::DELETE) => {
            shared.set_faults(Faults::new());
            Response::empty(StatusCode::NO_CONTENT)
        }
        ("clock", &Method::GET) => clock(shared),
        ("clock", &Method::PUT) => put_clock(shared, request),
        ("templates", &Method::GET) => ok(&template_list::all(shared)),
        ("templates", &Method::POST) => match read_json(request) {
            Ok(document) => templates::post(shared, &document),
            Err(refusal) => *refusal,
        },
        ("inject", &Method::POST) => match read_json(request) {
            Ok(message) => match inject::inject_request(shared, &message, request) {
                Ok(ids) => ok(&ids),
                Err(invalid) => bad_request("InvalidInjection", &invalid.problems),
            },
            Err(refusal) => *refusal,
        },
        ("tokens", &Method::POST) => match read_json(request) {
            Ok(document) => match issue_token(shared, &document) {
                Ok(token) => ok(&token),
                Err(invalid) => bad_request("InvalidTokenRequest", &invalid.problems),
            },
            Err(refusal) => *refusal,
        },
        (
            "health" | "messages" | "wait" | "stats" | "reset" | "faults" | "inject" | "tokens"
            | "clock" | "templates",
            _,
        ) => refusal(Refusal::WrongMethod, &[]),
        _ => path
            .strip_prefix("entra/")
            .and_then(|name| entra::admin::handle(shared, name, request))
            .unwrap_or_else(|| refusal(Refusal::Unrouted, &[])),
    }
}

/// The admin API's answer to a request it cannot serve.
pub(crate) fn refusal(refusal: Refusal, problems: &[String]) -> Response {
    let code = match refusal {
        Refusal::Unrouted => "NotFound",
        Refusal::WrongMethod => "MethodNotAllowed",
        Refusal::TooLarge => "PayloadTooLarge",
        Refusal::Incomplete => "BadRequest",
    };
    error(refusal.status(), code, refusal.message(), problems)
}

fn ok(body: &Value) -> Response {
    Response::json(StatusCode::OK, body)
}

fn error(status: StatusCode, code: &str, message: &str, details: &[String]) -> Response {
    let mut error = json!({"code": code, "message": message});
    if !details.is_empty() {
        error["details"] = json!(details);
    }
    Response::json(status, &json!({ "error": error }))
}

fn bad_request(code: &str, problems: &[String]) -> Response {
    error(
        StatusCode::BAD_REQUEST,
        code,
        &problems.join("; "),
        problems,
    )
}

fn read_json(request: &Request) -> Result<Value, Box<Response>> {
    serde_json::from_slice(&request.body).map_err(|e| {
        Box::new(bad_request(
            "InvalidJson",
            &[format!("the body is not JSON: {e}")],
        ))
    })
}

/// How far the clock of the services is off, and what it says.
fn clock(shared: &Shared) -> Response {
    let now = clock::rfc3339_millis(shared.now_ms());
    ok(&json!({"offset_ms": shared.clock.offset_ms(), "now": now}))
}

fn put_clock(shared: &Shared, request: &Request) -> Response {
    let document = match read_json(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    let members = document.as_object();
    let unknown = members.and_then(|all| all.keys().find(|name| *name != "offset_ms"));
    if let Some(name) = unknown {
        let problem = format!("{name}: is unknown here; known: offset_ms");
        return bad_request("InvalidClock", &[problem]);
    }
    let limit = clock::MAX_OFFSET_MS;
    let offset = document.get("offset_ms").and_then(Value::as_i64);
    match offset.filter(|offset| (-limit..=limit).contains(offset)) {
        Some(offset) => {
            shared.clock.set_offset(offset);
            clock(shared)
        }
        None => {
            let problem = format!("offset_ms: must be a whole number from -{limit} to {limit}");
            bad_request("InvalidClock", &[problem])
        }
    }
}

fn put_faults(shared: &Shared, request: &Request) -> Response {
    let document = match read_json(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match Faults::from_json(&document) {
        Ok(faults) => {
            let accepted = faults.to_json();
            shared.set_faults(faults);
            ok(&accepted)
        }
        Err(invalid) => bad_request("InvalidFaults", &invalid.problems),
    }
}

/// Reads the filter of `messages` and `wait`, and the number `timeout_ms`.
fn filter(request: &Request, known: &[&str]) -> Result<(Filter, u64), Box<Response>> {
    let mut problems = Vec::new();
    for name in request.query.names().filter(|name| !known.contains(name)) {
        problems.push(format!(
            "{name}: is unknown here; known: {}",
            known.join(", ")
        ));
    }
    let mut number = |name: &str, default: u64| match request.query.value(name).map(str::parse) {
        None => default,
        Some(Ok(number)) => number,
        Some(Err(_)) => {
            problems.push(format!("{name}: must be a whole number from 0"));
            default
        }
    };
    let since = number("since", 0);
    let timeout = number("timeout_ms", DEFAULT_WAIT_MS).min(MAX_WAIT_MS);
    let value = |name| request.query.value(name).filter(|value| !value.is_empty());
    let platform = value("platform").and_then(|name| {
        let platform = Platform::from_name(name);
        if platform.is_none() {
            let known = Platform::ALL.map(Platform::as_str).join(", ");
            problems.push(format!("platform: must be one of {known}"));
        }
        platform
    });
    if !problems.is_empty() {
        return Err(Box::new(bad_request("InvalidQuery", &problems)));
    }
    let filter = Filter {
        platform,
        conversation: value("conversation").map(str::to_owned),
        since,
    };
    Ok((filter, timeout))
}

fn messages(shared: &Shared, request: &Request) -> Response {
    let filter = match filter(request, &["platform", "conversation", "since"]) {
        Ok((filter, _)) => filter,
        Err(refusal) => return *refusal,
    };
    let kept = shared.state().ledger.rows(&filter);
    let rows: Vec<LedgerRow> = kept.iter().filter_map(KeptRow::open).collect();
    json_of(&rows)
}

fn json_of<T: serde::Serialize + ?Sized>(value: &T) -> Response {
    match serde_json::to_value(value) {
        Ok(value) => ok(&value),
        Err(e) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal",
            &e.to_string(),
            &[],
        ),
    }
}

async fn wait(shared: &Shared, request: &Request) -> Response {
    let known = ["platform", "conversation", "text", "since", "timeout_ms"];
    let (filter, timeout) = match filter(request, &known) {
        Ok(parts) => parts,
        Err(refusal) => return *refusal,
    };
    let text = request.query.value("text").filter(|text| !text.is_empty());
    // Subscribe before looking, so that a message between look and wait is not missed.
    let mut changes = shared.changes();
    let deadline = tokio::time::sleep(Duration::from_millis(timeout));
    tokio::pin!(deadline);
    loop {
        let found = shared.state().ledger.newest(&filter, text);
        if let Some(row) = found {
            return json_of(&row.open());
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = &mut deadline => {
                let message = "No such message arrived in time.";
                return error(StatusCode::NOT_FOUND, "NoSuchMessage", message, &[]);
            }
        }
    }
}
