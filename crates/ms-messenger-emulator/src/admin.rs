//! The admin API under `/_emulator`.

#[cfg(feature = "export")]
pub(crate) mod export;
#[cfg(feature = "inbox")]
pub(crate) mod inbox;
pub(crate) mod messages;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod tokens;
mod world;

use std::sync::Arc;

use http::{Method, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, document, error, ok, refusal},
        dispatch::Front,
        faults::{delivery::respond, rule::Faults},
        refusal::Refusal,
        registry::Registry,
        resources::Engine,
        server::payload::Payload,
        service::BoxFuture,
    },
    wire::{clock, path::path_of, request::Request, response::Response},
};
pub use tokens::IssueTokenError;
pub(crate) use tokens::issue as issue_token;

/// The admin API, in front of all services.
#[derive(Debug, Default)]
pub(crate) struct Admin {
    #[cfg(feature = "inbox")]
    inbox: inbox::Inbox,
}

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
    ) -> BoxFuture<'a, http::Response<Payload>> {
        Box::pin(async move {
            if let Err(problem) = origin::check(request, &registry.engine.settings.hosts) {
                return respond(error(StatusCode::FORBIDDEN, "Foreign", &problem, &[]));
            }
            // The server leaves the body out.
            let without_body = (request.method == Method::HEAD).then(|| {
                let mut same = request.clone();
                same.method = Method::GET;
                same
            });
            let request = without_body.as_ref().unwrap_or(request);
            let mut response = self.respond(registry, path, request).await;
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                openapi::allow(response.headers_mut(), path);
            }
            response
        })
    }

    fn refuse(&self, refused: Refusal) -> Response {
        refusal(refused)
    }

    fn foreign(&self, registry: &Registry, incoming: &http::Request<Incoming>) -> Option<Response> {
        let settings = &registry.engine.settings;
        if !settings.is_open {
            return None;
        }
        let problem = origin::check_incoming(incoming, &settings.hosts).err()?;
        Some(error(StatusCode::FORBIDDEN, "Foreign", &problem, &[]))
    }

    fn page(&self, incoming: &http::Request<Incoming>) -> Option<Response> {
        page::wants_page(incoming).then(page::page)
    }
}

impl Admin {
    async fn respond(
        &self,
        registry: &Arc<Registry>,
        path: &str,
        request: &Request,
    ) -> http::Response<Payload> {
        #[cfg(feature = "inbox")]
        if let Some(response) = self.inbox.serve(registry, path, request) {
            return response;
        }
        respond(handle(registry, path, request).await)
    }
}

/// Responds to an admin request; `path` is what follows `/_emulator/`.
async fn handle(registry: &Registry, path: &str, request: &Request) -> Response {
    let engine = &*registry.engine;
    match (path, &request.method) {
        ("health", &Method::GET) => ok(&json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": engine.settings.seed,
        })),
        ("messages", &Method::GET) => messages::list(registry, request),
        ("wait", &Method::GET) => messages::wait(registry, request).await,
        ("stats", &Method::GET) => ok(&registry.stats()),
        ("world", &Method::GET) => ok(&world::seen_by(request, registry.world())),
        ("openapi.json", &Method::GET) => openapi::respond(),
        ("replay", &Method::GET) => match &engine.settings.playback {
            Some(playback) => ok(&playback.report()),
            None => ok(&json!({
                "exchanges": 0, "replayed": 0, "left": 0, "unmatched": 0, "omitted": 0,
                "differences": [],
            })),
        },
        #[cfg(feature = "metrics")]
        ("metrics", &Method::GET) => metrics::respond(registry),
        #[cfg(feature = "export")]
        ("export", &Method::GET) => export::respond(registry),
        #[cfg(feature = "metrics")]
        ("metrics", _) => refusal(Refusal::WrongMethod),
        #[cfg(feature = "export")]
        ("export", _) => refusal(Refusal::WrongMethod),
        ("reset", &Method::POST) => {
            registry.reset();
            Response::empty(StatusCode::NO_CONTENT)
        }
        ("faults", &Method::GET) => ok(&engine.faults().to_json()),
        ("faults", &Method::PUT) => put_faults(registry, request, false),
        ("faults", &Method::POST) => put_faults(registry, request, true),
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
            | "clock" | "world" | "openapi.json" | "replay",
            _,
        ) => refusal(Refusal::WrongMethod),
        _ => {
            let found = registry.admin(path, request).await;
            found.unwrap_or_else(|| refusal(Refusal::Unrouted))
        }
    }
}

fn inject(registry: &Registry, request: &Request) -> Response {
    let document = match document(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match registry.inject(&document, request) {
        Ok(ids) => ok(&ids),
        Err(invalid) => bad_request("InvalidInjection", &invalid.problems),
    }
}

fn tokens(registry: &Registry, request: &Request) -> Response {
    let document = match document(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match issue_token(registry, &document) {
        Ok(token) => ok(&token),
        Err(invalid) => bad_request("InvalidTokenRequest", &invalid.problems),
    }
}

/// How far the clock of the services is off, and what it says.
fn clock(engine: &Engine) -> Response {
    let now = clock::rfc3339_millis(engine.now_ms());
    ok(&json!({"offset_ms": engine.clock.offset_ms(), "now": now}))
}

fn put_clock(engine: &Engine, request: &Request) -> Response {
    let document = match document(request) {
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
            engine.set_clock(offset);
            clock(engine)
        }
        None => {
            let problem = format!("offset_ms: must be a whole number from -{limit} to {limit}");
            bad_request("InvalidClock", &[problem])
        }
    }
}

/// Reads fault rules, in place of all or after those that there are.
fn put_faults(registry: &Registry, request: &Request, adds: bool) -> Response {
    let document = match document(request) {
        Ok(document) => document,
        Err(refusal) => return *refusal,
    };
    match Faults::read(&document, registry.catalog()) {
        Ok(faults) => {
            if adds {
                registry.engine.add_faults(faults);
            } else {
                registry.engine.set_faults(faults);
            }
            ok(&registry.engine.faults().to_json())
        }
        Err(invalid) => bad_request("InvalidFaults", &invalid.problems),
    }
}
