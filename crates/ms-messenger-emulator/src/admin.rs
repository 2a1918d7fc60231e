//! The admin API under `/_emulator`.

pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod tokens;

use std::{sync::Arc, time::Duration};

use http::{Method, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, error, json_of, ok, refusal},
        dispatch::Front,
        faults::rule::Faults,
        ledger::{
            Filter,
            row::{KeptRow, LedgerRow},
        },
        refusal::Refusal,
        registry::Registry,
        resources::Engine,
        service::BoxFuture,
    },
    wire::{clock, path::path_of, request::Request, response::Response},
};
pub use tokens::IssueTokenError;
pub(crate) use tokens::issue as issue_token;

const DEFAULT_WAIT_MS: u64 = 5_000;
const MAX_WAIT_MS: u64 = 300_000;

/// The admin API, in front of all services.
#[derive(Debug)]
pub(crate) struct Admin;

impl Front for Admin {
    fn path<'a>(&self, target: &'a str) -> Option<&'a str> {
        let rest = path_of(target)
            .trim_start_matches('/')
            .strip_prefix("_emulator")?;
        match rest.strip_prefix('/') {
            Some(rest) => Some(rest),
            None => rest.is_empty().then_some(rest),
        }
    }

    fn serve<'a>(
        &'a self,
        registry: &'a Arc<Registry>,
        path: &'a str,
        request: &'a Request,
    ) -> BoxFuture<'a, Response> {
        Box::pin(handle(registry, path, request))
    }

    fn refuse(&self, refused: Refusal) -> Response {
        refusal(refused)
    }

    fn page(&self, incoming: &http::Request<Incoming>) -> Option<Response> {
        page::wants_page(incoming).then(page::page)
    }
}

/// Responds to an admin request; `path` is what follows `/_emulator/`.
async fn handle(registry: &Registry, path: &str, request: &Request) -> Response {
    let engine = &*registry.engine;
    if let Err(problem) = origin::check(request, &engine.settings.hosts) {
        return error(StatusCode::FORBIDDEN, "Foreign", &problem, &[]);
    }
    match (path, &request.method) {
        ("health", &Method::GET) => ok(&json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": engine.settings.seed,
        })),
        ("messages", &Method::GET) => messages(registry, request),
        ("wait", &Method::GET) => wait(registry, request).await,
        ("stats", &Method::GET) => ok(&registry.stats()),
        ("reset", &Method::POST) => {
            registry.reset();
            Response::empty(StatusCode::NO_CONTENT)
        }
        ("faults", &Method::GET) => ok(&engine.faults().to_json()),
        ("faults", &Method::PUT) => put_faults(registry, request),
        ("faults", &Method::DELETE) => {
            engine.set_faults(Faults::new());
            Response::empty(StatusCode::NO_CONTENT)
        }
        ("clock", &Method::GET) => clock(engine),
        ("clock", &Method::PUT) => put_clock(engine, request),
        ("inject", &Method::POST) => inject(registry, request),
        ("tokens", &Method::POST) => tokens(registry, request),
        (
            "health" | "messages" | "wait" | "stats" | "reset" | "faults" | "inject" | "tokens"
            | "clock",
            _,
        ) => refusal(Refusal::WrongMethod),
        _ => {
            let found = registry.admin(path, request).await;
            found.unwrap_or_else(|| refusal(Refusal::Unrouted))
        }
    }
}

fn inject(registry: &Registry, request: &Request) -> Response {
    let document = match read_json(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match registry.inject(&document, request) {
        Ok(ids) => ok(&ids),
        Err(invalid) => bad_request("InvalidInjection", &invalid.problems),
    }
}

fn tokens(registry: &Registry, request: &Request) -> Response {
    let document = match read_json(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match issue_token(registry, &document) {
        Ok(token) => ok(&token),
        Err(invalid) => bad_request("InvalidTokenRequest", &invalid.problems),
    }
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
fn clock(engine: &Engine) -> Response {
    let now = clock::rfc3339_millis(engine.now_ms());
    ok(&json!({"offset_ms": engine.clock.offset_ms(), "now": now}))
}

fn put_clock(engine: &Engine, request: &Request) -> Response {
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
            engine.clock.set_offset(offset);
            clock(engine)
        }
        None => {
            let problem = format!("offset_ms: must be a whole number from -{limit} to {limit}");
            bad_request("InvalidClock", &[problem])
        }
    }
}

fn put_faults(registry: &Registry, request: &Request) -> Response {
    let document = match read_json(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match Faults::read(&document, registry.catalog()) {
        Ok(faults) => {
            let accepted = faults.to_json();
            registry.engine.set_faults(faults);
            ok(&accepted)
        }
        Err(invalid) => bad_request("InvalidFaults", &invalid.problems),
    }
}

/// Reads the filter of `messages` and `wait`, and the number `timeout_ms`.
fn filter(
    registry: &Registry,
    request: &Request,
    known: &[&str],
) -> Result<(Filter, u64), Box<Response>> {
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
        let platform = registry.catalog().platform(name);
        if platform.is_none() {
            let known = registry.catalog().names();
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

fn messages(registry: &Registry, request: &Request) -> Response {
    let filter = match filter(registry, request, &["platform", "conversation", "since"]) {
        Ok((filter, _)) => filter,
        Err(refusal) => return *refusal,
    };
    let kept = registry.engine.ledger().rows(&filter);
    let rows: Vec<LedgerRow> = kept.iter().filter_map(KeptRow::open).collect();
    json_of(&rows)
}

async fn wait(registry: &Registry, request: &Request) -> Response {
    let known = ["platform", "conversation", "text", "since", "timeout_ms"];
    let (filter, timeout) = match filter(registry, request, &known) {
        Ok(parts) => parts,
        Err(refusal) => return *refusal,
    };
    let text = request.query.value("text").filter(|text| !text.is_empty());
    // Subscribe before the check, so that no message is missed in between.
    let mut changes = registry.engine.changes();
    let deadline = tokio::time::sleep(Duration::from_millis(timeout));
    tokio::pin!(deadline);
    loop {
        let found = registry.engine.ledger().newest(&filter, text);
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
