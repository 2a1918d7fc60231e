//! ACS Chat: threads and their messages.

pub(crate) mod body;
pub(crate) mod context;
pub(crate) mod draft;
pub(crate) mod events;
pub(crate) mod identifier;
pub(crate) mod image;
pub(crate) mod images;
pub(crate) mod inject;
pub(crate) mod limits;
pub(crate) mod locate;
pub(crate) mod messages;
pub(crate) mod paging;
pub(crate) mod participants;
pub(crate) mod receipts;
pub(crate) mod routes;
pub(crate) mod shown;
pub(crate) mod store;
pub(crate) mod style;
pub(crate) mod thread;
pub(crate) mod threads;
pub(crate) mod validate;
pub(crate) mod versions;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{outcome::Outcome, platform::Platform},
    services::acs::{
        chat::{context::Chat, routes::Op, style::AcsChatErrorStyle, versions::VERSIONS},
        claims,
        error::{AcsError, api_version_problem, forbidden},
        family::{Acs, CHAT},
        identity::users,
    },
    wire::{request::Request, response::Response},
};
pub(crate) use routes::Call;

/// Carries out an operation of this platform.
pub(crate) fn handle(service: &Acs, call: &Call, request: &Request) -> Outcome {
    let outcome = execute(service, call, request)
        .unwrap_or_else(|refusal| Outcome::new(error_response(service, &refusal), false));
    let vector = format!("{}.0", service.engine.response_id().simple());
    let response = outcome
        .response
        .with_header("api-supported-versions", &VERSIONS.join(", "))
        .with_header("ms-cv", &vector);
    Outcome {
        response,
        ..outcome
    }
}

/// The error body of a bare status, in the style chosen.
pub(crate) fn status_error(service: &Acs, status: StatusCode, message: &str) -> Response {
    error_response(service, &AcsError::of_status(status, message))
}

fn error_response(service: &Acs, error: &AcsError) -> Response {
    let (code, message) = (error.code, &error.message);
    // As seen, details have no code of their own; as specified, they have one.
    let detail = |message: &str, target: &str| {
        let of = |detail: &Value| json!({message: detail["message"], target: detail["target"]});
        error.details.iter().map(of).collect::<Vec<Value>>()
    };
    let body = match service.error_style {
        AcsChatErrorStyle::Spec => error.body(),
        AcsChatErrorStyle::Pascal => json!({
            "CommunicationError": {"Code": code, "Message": message, "Details": detail("Message", "Target")}
        }),
        AcsChatErrorStyle::Camel => json!({
            "communicationError": {"code": code, "message": message, "details": detail("message", "target")}
        }),
        AcsChatErrorStyle::Empty => return Response::empty(error.status),
    };
    Response::bytes(
        error.status,
        "application/json; charset=utf-8",
        Bytes::from(body.to_string()),
    )
}

fn execute(service: &Acs, call: &Call, request: &Request) -> Result<Outcome, AcsError> {
    let (caller, scopes) = authenticate(service, request)?;
    let resource = format!("{}{}", request.origin(), request.path());
    let version = request.query.value("api-version");
    if let Some(problem) = api_version_problem(version, &VERSIONS, &resource) {
        return Err(problem);
    }
    let allowed = call.op.scopes();
    if !scopes.iter().any(|scope| allowed.contains(&scope.as_str())) {
        return Err(forbidden());
    }
    let rates = limits::of(call.op, &caller, &call.thread);
    if let Err(throttled) = service.engine.admit(Platform::ACS_CHAT, &rates) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let error = AcsError::of_status(status, "Rate limit exceeded.");
        let response = throttled.mark(error_response(service, &error));
        return Ok(Outcome::new(response, false));
    }
    let chat = Chat {
        service,
        request,
        version: version.unwrap_or_default(),
        caller: &caller,
        thread: &call.thread,
        message: &call.message,
    };
    match call.op {
        Op::Send => messages::send(&chat),
        Op::List => messages::list(&chat),
        Op::Get => messages::get(&chat),
        Op::Update => messages::update(&chat),
        Op::Delete => messages::delete(&chat),
        Op::ThreadCreate => threads::create(&chat),
        Op::ThreadList => threads::list(&chat),
        Op::ThreadGet => threads::get(&chat),
        Op::ThreadUpdate => threads::update(&chat),
        Op::ThreadDelete => threads::delete(&chat),
        Op::ParticipantsList => participants::list(&chat),
        Op::ParticipantsAdd => participants::add(&chat),
        Op::ParticipantsRemove => participants::remove(&chat),
        Op::ReceiptsList => receipts::list(&chat),
        Op::ReceiptsSend => receipts::send(&chat),
        Op::Typing => receipts::typing(&chat),
        Op::ImageUpload => images::upload(&chat),
        Op::ImageGet => images::get(&chat, &call.view),
        Op::ImageDelete => images::delete(&chat),
    }
}

/// The raw id and the scopes of the token's user. Chat takes user tokens only.
fn authenticate(service: &Acs, request: &Request) -> Result<(String, Vec<String>), AcsError> {
    let unauthorized = |message| AcsError::of_status(StatusCode::UNAUTHORIZED, message);
    let authorization = request.header("authorization").unwrap_or_default();
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Err(unauthorized("A user access token is required."));
    };
    let claims = service
        .engine
        .verify(CHAT, token.trim())
        .map_err(|_| unauthorized("The user access token is invalid or has expired."))?;
    let is_of_resource = claims.text("resourceId") == Some(service.seed.resource_id());
    let Some(user) = claims::user(&claims).filter(|_| is_of_resource) else {
        return Err(unauthorized(
            "The token is not a user access token of this resource.",
        ));
    };
    if !users::is_valid(service, &claims) {
        return Err(unauthorized("The user access token was revoked."));
    }
    Ok((user, claims::scopes(&claims)))
}
