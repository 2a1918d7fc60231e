//! ACS Chat: threads and their messages.

mod body;
mod identifier;
mod limits;
mod locate;
mod messages;
mod paging;
mod participants;
mod receipts;
mod routes;
mod store;
mod thread;
mod threads;
mod validate;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::admin::Said;
use crate::engine::ledger::{About, NewRow};
use crate::engine::platform::Platform;
use crate::engine::resources::{Outcome, Shared};
use crate::engine::tokens::Audience;
use crate::services::acs::error::{AcsError, api_version_problem};
use crate::services::acs::identity;
use crate::wire::request::Request;
use crate::wire::response::Response;

use routes::Op;
pub(crate) use routes::{Call, OPERATIONS, route};
pub(crate) use store::Store;
use thread::{Thread, View};

const PREVIEW: &str = "2024-03-15-preview";
const NEWEST: &str = "2025-03-15";
const VERSIONS: [&str; 6] = [
    "2021-03-07",
    "2021-09-07",
    "2023-11-07",
    "2024-03-07",
    PREVIEW,
    NEWEST,
];

/// One request of an authenticated caller.
pub(crate) struct Chat<'a> {
    shared: &'a Shared,
    request: &'a Request,
    /// The `api-version`, one of those supported.
    version: &'a str,
    /// Raw id of the caller.
    caller: &'a str,
    /// Path parameters; empty where the path has none.
    thread: &'a str,
    message: &'a str,
}

/// The shape of ACS Chat's error bodies: the specification's, or one that the service was seen to
/// write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorStyle {
    /// `{"error":{"code":…,"message":…}}`, as specified.
    #[default]
    Spec,
    /// `{"CommunicationError":{"Code":…,"Message":…,"Details":[]}}`, as often seen.
    Pascal,
    /// `{"communicationError":{"code":…,"message":…,"details":[]}}`, as seen for validation errors.
    Camel,
    /// No body at all.
    Empty,
}

/// Answers an operation of this platform.
pub(crate) fn handle(shared: &Arc<Shared>, call: &Call, request: &Request) -> Outcome {
    let outcome = execute(shared, call, request)
        .unwrap_or_else(|refusal| Outcome::new(error_response(shared, &refusal), false));
    let vector = format!("{}.0", shared.response_id().simple());
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
pub(crate) fn status_error(shared: &Shared, status: StatusCode, message: &str) -> Response {
    error_response(shared, &AcsError::of_status(status, message))
}

fn error_response(shared: &Shared, error: &AcsError) -> Response {
    let (code, message) = (error.code, &error.message);
    // As seen, details have no code of their own; as specified, they have one.
    let detail = |message: &str, target: &str| {
        let of = |detail: &Value| json!({message: detail["message"], target: detail["target"]});
        error.details.iter().map(of).collect::<Vec<Value>>()
    };
    let body = match shared.settings.error_style {
        ErrorStyle::Spec => error.body(),
        ErrorStyle::Pascal => json!({
            "CommunicationError": {"Code": code, "Message": message, "Details": detail("Message", "Target")}
        }),
        ErrorStyle::Camel => json!({
            "communicationError": {"code": code, "message": message, "details": detail("message", "target")}
        }),
        ErrorStyle::Empty => return Response::empty(error.status),
    };
    Response::bytes(
        error.status,
        "application/json; charset=utf-8",
        Bytes::from(body.to_string()),
    )
}

fn execute(shared: &Shared, call: &Call, request: &Request) -> Result<Outcome, AcsError> {
    let (caller, scopes) = authenticate(shared, request)?;
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
    if let Err(throttled) = shared.admit(Platform::AcsChat, &rates) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let error = AcsError::of_status(status, "Rate limit exceeded.");
        let response = throttled.mark(error_response(shared, &error));
        return Ok(Outcome::new(response, false));
    }
    let chat = Chat {
        shared,
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
    }
}

/// The raw id and the scopes of the user whose token it is. Chat takes nothing but user tokens.
fn authenticate(shared: &Shared, request: &Request) -> Result<(String, Vec<String>), AcsError> {
    let unauthorized = |message| AcsError::of_status(StatusCode::UNAUTHORIZED, message);
    let authorization = request.header("authorization").unwrap_or_default();
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Err(unauthorized("A user access token is required."));
    };
    let now = shared.now_ms() / 1000;
    let claims = shared
        .verify(Audience::Chat, token.trim(), now)
        .map_err(|_| unauthorized("The user access token is invalid or has expired."))?;
    let is_of_resource = claims.text("resourceId") == Some(shared.seed.resource_id().as_str());
    let Some(user) = claims.acs_user().filter(|_| is_of_resource) else {
        return Err(unauthorized(
            "The token is not a user access token of this resource.",
        ));
    };
    if !identity::is_valid(shared, &claims) {
        return Err(unauthorized("The user access token was revoked."));
    }
    Ok((user, claims.acs_scopes()))
}

fn forbidden() -> AcsError {
    let message = "User is not allowed to perform specified action.";
    AcsError::of_status(StatusCode::FORBIDDEN, message)
}

/// A message of another participant, who joins the thread if need be. Answers its id.
pub(crate) fn inject(shared: &Shared, said: &Said<'_>, request: &Request) -> String {
    let (thread, sender) = (said.conversation, said.sender);
    let draft = validate::Draft {
        kind: if said.is_html { "html" } else { "text" },
        ..validate::Draft::text(said.text)
    };
    let mut state = shared.state();
    let now = shared.now_ms();
    let posted = state.acs_chat.enter_as_guest(thread, sender, now);
    let posted = posted.map(|thread| match said.created {
        Some(created) => thread.post_earlier(sender, &draft, created),
        None => thread.post(sender, &draft, now),
    });
    state.acs_chat.touch(thread, now);
    let message_id = posted.unwrap_or_default().to_string();
    let row = NewRow {
        platform: Platform::AcsChat,
        operation: "inject",
        conversation: thread.to_owned(),
        sender: sender.to_owned(),
        kind: draft.kind.to_owned(),
        text: said.text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
        about: About::default(),
    };
    state.ledger.append(row, request);
    message_id
}

/// Changes the text of a message. Answers whether it is there and not deleted.
pub(crate) fn inject_edit(shared: &Shared, thread: &str, id: &str, text: &str) -> bool {
    let change = validate::Change {
        content: Some(text.to_owned()),
        metadata: Map::new(),
        attachments: None,
    };
    let now = shared.now_ms();
    with_message(shared, thread, id, |thread, id| {
        thread.edit(id, change, now)
    })
}

/// Deletes a message. Answers whether it was there.
pub(crate) fn inject_delete(shared: &Shared, thread: &str, id: &str) -> bool {
    let now = shared.now_ms();
    with_message(shared, thread, id, |thread, id| thread.delete(id, now))
}

fn with_message(
    shared: &Shared,
    thread: &str,
    id: &str,
    change: impl FnOnce(&mut Thread, u64),
) -> bool {
    let mut state = shared.state();
    let Some(thread) = state.acs_chat.threads.get_mut(thread) else {
        return false;
    };
    let found = thread.message(View::ALL, id);
    let found = found.filter(|(_, message)| message.deleted_on.is_none());
    let Some(id) = found.map(|(_, message)| message.id) else {
        return false;
    };
    change(thread, id);
    true
}
