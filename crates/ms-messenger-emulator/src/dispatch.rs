//! One request, from its head to its answer: routing, faults, the platform, the answer.

mod late;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use crate::answer::{Answer, Undated};
use crate::clock;
use crate::faults::{FaultAction, FaultStatus, When, deliver, end_when, respond};
use crate::inbound::{Inbound, client_request_id};
use crate::platform::Platform;
use crate::router::{Call, Route, Routed, route};
use crate::server::{Control, Payload};
use crate::shared::{Outcome, Shared};
use crate::stats::Event;
use crate::token_life::Audience;
use crate::{acs_chat, acs_identity, acs_messages, admin, entra, graph, ucwa};

pub(crate) use late::begin as begin_late;

/// Answers one request. Every response has the services' `Date`, unless a fault took it away.
pub(crate) async fn handle(
    shared: Arc<Shared>,
    control: Control,
    request: Request<Incoming>,
) -> Response<Payload> {
    let clock = shared.clock.clone();
    let mut response = answer(shared, control, request).await;
    let is_undated = response.extensions().get::<Undated>().is_some();
    if !is_undated && !response.headers().contains_key(DATE) {
        let date = httpdate::fmt_http_date(clock::at_ms(clock.now_ms()));
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(DATE, date);
        }
    }
    response
}

async fn answer(
    shared: Arc<Shared>,
    control: Control,
    request: Request<Incoming>,
) -> Response<Payload> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let routed = route(request.method(), target);
    if let Routed::Admin(path) = routed {
        let inbound = match read(&shared, request).await {
            Ok(inbound) => inbound,
            Err((_, refusal)) => return respond(admin::refusal(refusal, &[])),
        };
        return respond(admin::handle(&shared, &path, &inbound).await);
    }
    if admin::wants_page(&request) {
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
        return unrouted(&shared, platform, &routed, request).await;
    };
    operation(&shared, &control, route, request).await
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
    request: Request<Incoming>,
) -> Response<Payload> {
    let platform = route.platform;
    let call = client_request_id(request.headers());
    let fault = shared.decide_fault(platform, route.operation, call);
    if fault.is_some() {
        shared.stats.count(platform, Event::Fault);
    }
    end_when(fault.as_ref(), When::BeforeRead, control).await;
    let inbound = match read(shared, request).await {
        Ok(inbound) => inbound,
        Err((inbound, refusal)) => return refuse(shared, platform, &inbound, refusal),
    };
    end_when(fault.as_ref(), When::AfterRead, control).await;
    if let Some(FaultAction::LateStore(late)) = fault {
        let answer = late::answer(shared, control, route, inbound, late).await;
        return deliver(None, answer, control).await;
    }
    if let Some(answer) = instead(shared, &route, &inbound, fault.as_ref()) {
        return deliver(None, answer, control).await;
    }
    let done = carry_out(shared, &route, &inbound, fault.as_ref()).await;
    let fault = fault.or(done.fault);
    let answer = match &fault {
        Some(FaultAction::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
            done.answer
        }
        Some(FaultAction::StatusAfterStore(instead)) => {
            fault_answer(shared, platform, &inbound, instead)
        }
        _ => done.answer,
    };
    drop(done.hold);
    end_when(fault.as_ref(), When::AfterStore, control).await;
    let answer = changed(shared, answer, &inbound, fault.as_ref());
    deliver(fault, answer, control).await
}

/// What a fault answers in place of the service, which then does nothing.
pub(crate) fn instead(
    shared: &Shared,
    route: &Route,
    inbound: &Inbound,
    fault: Option<&FaultAction>,
) -> Option<Answer> {
    match fault? {
        FaultAction::Status(instead) => {
            Some(fault_answer(shared, route.platform, inbound, instead))
        }
        FaultAction::ClaimsChallenge { claims } => Some(graph::challenge(shared, inbound, claims)),
        FaultAction::Entra(fault) => Some(entra::fault_answer(shared, inbound, fault)),
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
    mut answer: Answer,
    inbound: &Inbound,
    fault: Option<&FaultAction>,
) -> Answer {
    match fault {
        Some(FaultAction::Headers { set, remove }) => answer.set_headers(set, remove),
        Some(FaultAction::EmptyPage) => empty_page(shared, &mut answer, inbound),
        _ => {}
    }
    answer
}

/// Takes the items off a page, and links to the same page with them.
fn empty_page(shared: &Shared, answer: &mut Answer, inbound: &Inbound) {
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&answer.body) else {
        return;
    };
    if answer.is_refusal() || !page.get("value").is_some_and(Value::is_array) {
        return;
    }
    let is_odata = page.contains_key("@odata.context");
    let mark = if inbound.target.contains('?') {
        '&'
    } else {
        '?'
    };
    // The number keeps the links of several empty pages apart.
    let number = shared.guid().simple();
    let link = format!("{}{}{mark}page={number}", inbound.origin(), inbound.target);
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
    answer.body = Value::Object(page).to_string().into();
}

/// Lets the platform carry the request out, and counts what came of it.
async fn carry_out(
    shared: &Arc<Shared>,
    route: &Route,
    inbound: &Inbound,
    fault: Option<&FaultAction>,
) -> Outcome {
    let outcome = match &route.call {
        Call::AcsMessages(call) => acs_messages::handle(shared, call, inbound),
        Call::AcsChat(call) => acs_chat::handle(shared, call, inbound),
        Call::AcsIdentity(call) => acs_identity::handle(shared, call, inbound),
        Call::Entra(call) => entra::handle(shared, call, inbound),
        Call::Graph(call) => graph::handle(shared, route, call, inbound),
        Call::Ucwa(call) => ucwa::handle(shared, call, inbound, fault).await,
    };
    shared.forget_dropped();
    if outcome.is_stored {
        shared.stats.count(route.platform, Event::Stored);
        shared.announce();
    } else if outcome.answer.is_refusal() {
        shared.stats.count(route.platform, Event::Rejected);
    }
    outcome
}

/// Reads the body under the size limit. A refusal comes with the request, its body left out.
async fn read(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Inbound, (Box<Inbound>, Refusal)> {
    let (parts, body) = request.into_parts();
    let mut inbound = Inbound::new(parts, Bytes::new(), &shared.authority);
    match collect(body, shared.settings.max_body, &inbound).await {
        Ok(body) => {
            inbound.body = body;
            Ok(inbound)
        }
        Err(refusal) => Err((Box::new(inbound), refusal)),
    }
}

async fn collect(mut body: Incoming, limit: usize, inbound: &Inbound) -> Result<Bytes, Refusal> {
    let announced = inbound
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
    request: Request<Incoming>,
) -> Response<Payload> {
    let (inbound, refusal) = match read(shared, request).await {
        Ok(inbound) => (Box::new(inbound), None),
        Err((inbound, refusal)) => (inbound, Some(refusal)),
    };
    let refusal = refusal.unwrap_or(match routed {
        Routed::WrongMethod(..) => Refusal::WrongMethod,
        _ => Refusal::Unrouted,
    });
    let mut response = refuse(shared, platform, &inbound, refusal);
    if let (Routed::WrongMethod(_, allowed), Refusal::WrongMethod) = (routed, refusal) {
        let allowed = HeaderValue::from_static(allowed);
        response.headers_mut().insert(http::header::ALLOW, allowed);
    }
    response
}

fn refuse(
    shared: &Shared,
    platform: Platform,
    inbound: &Inbound,
    refusal: Refusal,
) -> Response<Payload> {
    shared.stats.count(platform, Event::Rejected);
    let answer = service_error(
        shared,
        platform,
        inbound,
        refusal.status(),
        refusal.message(),
    );
    let mut response = respond(answer);
    if matches!(refusal, Refusal::TooLarge | Refusal::Incomplete) {
        // The rest of the body is not read, so the connection cannot be used again.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// The platform's own error body for a status, with a code that fits it.
fn service_error(
    shared: &Shared,
    platform: Platform,
    inbound: &Inbound,
    status: StatusCode,
    message: &str,
) -> Answer {
    match platform {
        Platform::AcsMessages => acs_messages::status_error(shared, inbound, status, message),
        Platform::AcsChat => acs_chat::status_error(shared, status, message),
        Platform::MsgraphChat => graph::status_error(shared, inbound, status, message),
        Platform::Ucwa => ucwa::status_error(shared, inbound, status, message),
        Platform::Entra => entra::status_error(shared, inbound, status, message),
    }
}

/// The answer of a status fault, in the platform's own form.
pub(crate) fn fault_answer(
    shared: &Shared,
    platform: Platform,
    inbound: &Inbound,
    instead: &FaultStatus,
) -> Answer {
    let status = StatusCode::from_u16(instead.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = match status.canonical_reason() {
        Some(reason) if instead.is_bare => reason,
        _ => "Injected by a fault rule.",
    };
    let mut answer = service_error(shared, platform, inbound, status, message);
    match &instead.body {
        None => {}
        Some(Value::String(text)) => {
            answer.body = Bytes::from(text.clone());
            answer
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        Some(json) => answer.body = Bytes::from(json.to_string()),
    }
    answer.set_headers(&instead.headers, &instead.without);
    answer
}
