//! One request, from its head to its answer: routing, faults, the platform, the answer.

mod late;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use crate::admin;
use crate::engine::faults::{FaultAction, FaultStatus, When, deliver, end_when, respond};
use crate::engine::platform::Platform;
use crate::engine::registry::{Call, Route, Routed, route};
use crate::engine::resources::{Outcome, Shared};
use crate::engine::server::{Control, Payload};
use crate::engine::stats::Event;
use crate::engine::tokens::Audience;
use crate::services::acs::chat;
use crate::services::acs::identity;
use crate::services::acs::messages;
use crate::services::entra;
use crate::services::graph;
use crate::services::ucwa;
use crate::wire::clock;
use crate::wire::request::{Request, client_request_id};
use crate::wire::response::{Response, Undated};

pub(crate) use late::begin as begin_late;

/// Answers one request. Every response has the services' `Date`, unless a fault took it away.
pub(crate) async fn handle(
    shared: Arc<Shared>,
    control: Control,
    incoming: http::Request<Incoming>,
) -> http::Response<Payload> {
    let clock = shared.clock.clone();
    let mut outgoing = response(shared, control, incoming).await;
    let is_undated = outgoing.extensions().get::<Undated>().is_some();
    if !is_undated && !outgoing.headers().contains_key(DATE) {
        let date = httpdate::fmt_http_date(clock::at_ms(clock.now_ms()));
        if let Ok(date) = HeaderValue::from_str(&date) {
            outgoing.headers_mut().insert(DATE, date);
        }
    }
    outgoing
}

async fn response(
    shared: Arc<Shared>,
    control: Control,
    incoming: http::Request<Incoming>,
) -> http::Response<Payload> {
    let uri = incoming.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let routed = route(incoming.method(), target);
    if let Routed::Admin(path) = routed {
        let request = match read(&shared, incoming).await {
            Ok(request) => request,
            Err((_, refusal)) => return respond(admin::refusal(refusal, &[])),
        };
        return respond(admin::handle(&shared, &path, &request).await);
    }
    if admin::wants_page(&incoming) {
        return respond(admin::page());
    }
    let platform = match &routed {
        Routed::Operation(Route { platform, .. })
        | Routed::WrongMethod(platform, _)
        | Routed::Unknown(Some(platform)) => *platform,
        _ => return respond(admin::refusal(Refusal::Unrouted, &[])),
    };
    if control.is_first_of(platform) {
        shared.stats.count(platform, Event::Connection);
    }
    shared.stats.count(platform, Event::Request);
    let Routed::Operation(route) = routed else {
        return unrouted(&shared, platform, &routed, incoming).await;
    };
    operation(&shared, &control, route, incoming).await
}

/// Why a request is refused before it reaches a platform's own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No operation at this path.
    Unrouted,
    /// The path takes another method.
    WrongMethod,
    /// The body is larger than the emulator reads.
    TooLarge,
    /// The body broke off.
    Incomplete,
}

impl Refusal {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Unrouted => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Unrouted => "No operation at this path, or one that the emulator does not have.",
            Self::WrongMethod => "The method is not allowed at this path.",
            Self::TooLarge => "The request body is too large.",
            Self::Incomplete => "The request body could not be read.",
        }
    }
}

async fn operation(
    shared: &Arc<Shared>,
    control: &Control,
    route: Route,
    incoming: http::Request<Incoming>,
) -> http::Response<Payload> {
    let platform = route.platform;
    let call = client_request_id(incoming.headers());
    let fault = shared.decide_fault(platform, route.operation, call);
    if fault.is_some() {
        shared.stats.count(platform, Event::Fault);
    }
    end_when(fault.as_ref(), When::BeforeRead, control).await;
    let request = match read(shared, incoming).await {
        Ok(request) => request,
        Err((request, refusal)) => return refuse(shared, platform, &request, refusal),
    };
    end_when(fault.as_ref(), When::AfterRead, control).await;
    if let Some(FaultAction::LateStore(late)) = fault {
        let response = late::response(shared, control, route, request, late).await;
        return deliver(None, response, control).await;
    }
    if let Some(response) = instead(shared, &route, &request, fault.as_ref()) {
        return deliver(None, response, control).await;
    }
    let done = carry_out(shared, &route, &request, fault.as_ref()).await;
    let fault = fault.or(done.fault);
    let response = match &fault {
        Some(FaultAction::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            done.response
        }
        Some(FaultAction::StatusAfterStore(instead)) => {
            fault_response(shared, platform, &request, instead)
        }
        _ => done.response,
    };
    drop(done.hold);
    end_when(fault.as_ref(), When::AfterStore, control).await;
    let response = changed(shared, response, &request, fault.as_ref());
    deliver(fault, response, control).await
}

/// What a fault answers in place of the service, which then does nothing.
pub(crate) fn instead(
    shared: &Shared,
    route: &Route,
    request: &Request,
    fault: Option<&FaultAction>,
) -> Option<Response> {
    match fault? {
        FaultAction::Status(instead) => {
            Some(fault_response(shared, route.platform, request, instead))
        }
        FaultAction::ClaimsChallenge { claims } => Some(graph::challenge(shared, request, claims)),
        FaultAction::Entra(fault) => Some(entra::fault_response(shared, request, fault)),
        FaultAction::TokenExpiry | FaultAction::NoAuthorization => {
            if let Some(audience) = Audience::of(route) {
                let is_forbidden = fault == Some(&FaultAction::NoAuthorization);
                shared
                    .token_life
                    .end_all(audience, shared.now_ms(), is_forbidden);
            }
            None
        }
        _ => None,
    }
}

/// The service's answer as a fault changes it.
pub(crate) fn changed(
    shared: &Shared,
    mut response: Response,
    request: &Request,
    fault: Option<&FaultAction>,
) -> Response {
    match fault {
        Some(FaultAction::Headers { set, remove }) => response.set_headers(set, remove),
        Some(FaultAction::EmptyPage) => empty_page(shared, &mut response, request),
        _ => {}
    }
    response
}

/// Takes the items off a page, and links to the same page with them.
fn empty_page(shared: &Shared, response: &mut Response, request: &Request) {
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&response.body) else {
        return;
    };
    if response.is_refusal() || !page.get("value").is_some_and(Value::is_array) {
        return;
    }
    let is_odata = page.contains_key("@odata.context");
    let mark = if request.target.contains('?') {
        '&'
    } else {
        '?'
    };
    // The number keeps the links of several empty pages apart.
    let number = shared.guid().simple();
    let link = format!("{}{}{mark}page={number}", request.origin(), request.target);
    let next = if is_odata {
        page.remove("@odata.deltaLink");
        "@odata.nextLink"
    } else {
        "nextLink"
    };
    page.insert(next.to_owned(), link.into());
    page.insert("value".to_owned(), Value::Array(Vec::new()));
    if let Some(count) = page.get_mut("@odata.count") {
        *count = 0.into();
    }
    response.body = Value::Object(page).to_string().into();
}

/// Lets the platform carry the request out, and counts what came of it.
async fn carry_out(
    shared: &Arc<Shared>,
    route: &Route,
    request: &Request,
    fault: Option<&FaultAction>,
) -> Outcome {
    let outcome = match &route.call {
        Call::AcsMessages(call) => messages::handle(shared, call, request),
        Call::AcsChat(call) => chat::handle(shared, call, request),
        Call::AcsIdentity(call) => identity::handle(shared, call, request),
        Call::Entra(call) => entra::handle(shared, call, request),
        Call::Graph(call) => graph::handle(shared, route, call, request),
        Call::Ucwa(call) => ucwa::handle(shared, call, request, fault).await,
    };
    shared.forget_dropped();
    if outcome.is_stored {
        shared.stats.count(route.platform, Event::Stored);
        shared.announce();
    } else if outcome.response.is_refusal() {
        shared.stats.count(route.platform, Event::Rejected);
    }
    outcome
}

/// Reads the body under the size limit. A refusal comes with the request, its body left out.
async fn read(
    shared: &Shared,
    incoming: http::Request<Incoming>,
) -> Result<Request, (Box<Request>, Refusal)> {
    let (parts, body) = incoming.into_parts();
    let mut request = Request::new(parts, Bytes::new(), &shared.authority);
    match collect(body, shared.settings.max_body, &request).await {
        Ok(body) => {
            request.body = body;
            Ok(request)
        }
        Err(refusal) => Err((Box::new(request), refusal)),
    }
}

async fn collect(mut body: Incoming, limit: usize, request: &Request) -> Result<Bytes, Refusal> {
    let announced = request
        .header(CONTENT_LENGTH.as_str())
        .and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::TooLarge);
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Incomplete)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let so_far = first.as_ref().map_or(0, Bytes::len) + rest.len();
        if so_far + data.len() > limit {
            return Err(Refusal::TooLarge);
        }
        // Most bodies come in one piece, which then needs no copy.
        if first.is_none() {
            first = Some(data);
        } else {
            rest.extend_from_slice(&data);
        }
    }
    let first = first.unwrap_or_default();
    if rest.is_empty() {
        return Ok(first);
    }
    Ok([first, rest.freeze()].concat().into())
}

async fn unrouted(
    shared: &Shared,
    platform: Platform,
    routed: &Routed,
    incoming: http::Request<Incoming>,
) -> http::Response<Payload> {
    let (request, refusal) = match read(shared, incoming).await {
        Ok(request) => (Box::new(request), None),
        Err((request, refusal)) => (request, Some(refusal)),
    };
    let refusal = refusal.unwrap_or(match routed {
        Routed::WrongMethod(..) => Refusal::WrongMethod,
        _ => Refusal::Unrouted,
    });
    let mut outgoing = refuse(shared, platform, &request, refusal);
    if let (Routed::WrongMethod(_, allowed), Refusal::WrongMethod) = (routed, refusal) {
        let allowed = HeaderValue::from_static(allowed);
        outgoing.headers_mut().insert(http::header::ALLOW, allowed);
    }
    outgoing
}

fn refuse(
    shared: &Shared,
    platform: Platform,
    request: &Request,
    refusal: Refusal,
) -> http::Response<Payload> {
    shared.stats.count(platform, Event::Rejected);
    let response = service_error(
        shared,
        platform,
        request,
        refusal.status(),
        refusal.message(),
    );
    let mut outgoing = respond(response);
    if matches!(refusal, Refusal::TooLarge | Refusal::Incomplete) {
        // The rest of the body is not read, so the connection cannot be used again.
        let close = HeaderValue::from_static("close");
        outgoing.headers_mut().insert(CONNECTION, close);
    }
    outgoing
}

/// The platform's own error body for a status, with a code that fits it.
fn service_error(
    shared: &Shared,
    platform: Platform,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    match platform {
        Platform::AcsMessages => messages::status_error(shared, request, status, message),
        Platform::AcsChat => chat::status_error(shared, status, message),
        Platform::MsgraphChat => graph::status_error(shared, request, status, message),
        Platform::Ucwa => ucwa::status_error(shared, request, status, message),
        Platform::Entra => entra::status_error(shared, request, status, message),
    }
}

/// The answer of a status fault, in the platform's own form.
pub(crate) fn fault_response(
    shared: &Shared,
    platform: Platform,
    request: &Request,
    instead: &FaultStatus,
) -> Response {
    let status = StatusCode::from_u16(instead.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match status.canonical_reason() {
        Some(reason) if instead.is_bare => reason,
        _ => "Injected by a fault rule.",
    };
    let mut response = service_error(shared, platform, request, status, message);
    match &instead.body {
        None => {}
        Some(Value::String(text)) => {
            response.body = Bytes::from(text.clone());
            response
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        Some(json) => response.body = Bytes::from(json.to_string()),
    }
    response.set_headers(&instead.headers, &instead.without);
    response
}
