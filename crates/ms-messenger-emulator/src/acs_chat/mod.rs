//! ACS Chat: threads and their messages.

mod store;
mod validate;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::acs_error::{AcsError, api_version_problem};
use crate::answer::Answer;
use crate::clock;
use crate::inbound::Inbound;
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::router::Call;
use crate::shared::{Outcome, Shared};

pub(crate) use store::Store;

const PREVIEW: &str = "2024-03-15-preview";
const VERSIONS: [&str; 6] = [
    "2021-03-07",
    "2021-09-07",
    "2023-11-07",
    "2024-03-07",
    PREVIEW,
    "2025-03-15",
];

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
pub(crate) fn handle(shared: &Arc<Shared>, call: &Call, inbound: &Inbound) -> Outcome {
    let outcome = execute(shared, call, inbound)
        .unwrap_or_else(|refusal| Outcome::new(error_answer(shared, &refusal), false));
    let vector = format!("{}.0", shared.guid().simple());
    let answer = outcome
        .answer
        .with_header("api-supported-versions", &VERSIONS.join(", "))
        .with_header("ms-cv", &vector);
    Outcome { answer, ..outcome }
}

/// The error body of a bare status, in the style chosen.
pub(crate) fn status_error(shared: &Shared, status: StatusCode, message: &str) -> Answer {
    error_answer(shared, &AcsError::of_status(status, message))
}

fn error_answer(shared: &Shared, error: &AcsError) -> Answer {
    let (code, message) = (error.code, &error.message);
    let details = &error.details;
    let body = match shared.settings.error_style {
        ErrorStyle::Spec => error.body(),
        ErrorStyle::Pascal => json!({
            "CommunicationError": {"Code": code, "Message": message, "Details": details}
        }),
        ErrorStyle::Camel => json!({
            "communicationError": {"code": code, "message": message, "details": details}
        }),
        ErrorStyle::Empty => return Answer::empty(error.status),
    };
    Answer::bytes(
        error.status,
        "application/json; charset=utf-8",
        Bytes::from(body.to_string()),
    )
}

fn execute(shared: &Shared, call: &Call, inbound: &Inbound) -> Result<Outcome, AcsError> {
    let caller = authenticate(shared, inbound)?;
    let resource = format!("{}{}", inbound.origin(), inbound.path());
    let version = inbound.query.value("api-version");
    if let Some(problem) = api_version_problem(version, &VERSIONS, &resource) {
        return Err(problem);
    }
    let version = version.unwrap_or_default();
    match call {
        Call::ThreadSend { thread } => send(shared, inbound, thread, &caller, version),
        Call::ThreadGet { thread, message } => {
            let message = shared
                .state()
                .acs_chat
                .message(shared, thread, message, &caller)?;
            Ok(Outcome::new(Answer::json(StatusCode::OK, &message), false))
        }
        Call::ThreadList { thread } => list(shared, inbound, thread, &caller, version),
        _ => Err(AcsError::of_status(
            StatusCode::NOT_FOUND,
            "No such operation.",
        )),
    }
}

/// The raw id of the user whose token it is. Chat takes nothing but user tokens with a chat scope.
fn authenticate(shared: &Shared, inbound: &Inbound) -> Result<String, AcsError> {
    let unauthorized = |message| AcsError::of_status(StatusCode::UNAUTHORIZED, message);
    let authorization = inbound.header("authorization").unwrap_or_default();
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Err(unauthorized("A user access token is required."));
    };
    let now = clock::now_ms() / 1000;
    let claims = shared
        .world
        .tokens()
        .verify(token.trim(), now)
        .map_err(|_| unauthorized("The user access token is invalid or has expired."))?;
    let is_of_resource = claims.text("resourceId") == Some(shared.world.resource_id().as_str());
    let Some(user) = claims.acs_user().filter(|_| is_of_resource) else {
        return Err(unauthorized(
            "The token is not a user access token of this resource.",
        ));
    };
    if !claims.has_chat_scope() {
        return Err(forbidden());
    }
    Ok(user)
}

fn forbidden() -> AcsError {
    let message = "User is not allowed to perform specified action.";
    AcsError::of_status(StatusCode::FORBIDDEN, message)
}

fn send(
    shared: &Shared,
    inbound: &Inbound,
    thread: &str,
    caller: &str,
    version: &str,
) -> Result<Outcome, AcsError> {
    let draft = validate::send(inbound, version)?;
    let row = |message_id: String, draft: &validate::Draft| NewRow {
        platform: Platform::AcsChat,
        operation: "send",
        conversation: thread.to_owned(),
        sender: caller.to_owned(),
        kind: draft.kind.to_owned(),
        text: draft.content.clone(),
        message_id,
        idempotency_key: None,
    };
    let id = {
        let mut state = shared.state();
        state.acs_chat.admit(shared, thread, caller)?;
        let id = state.acs_chat.store(thread, caller, &draft).to_string();
        state.ledger.append(row(id.clone(), &draft), inbound);
        id
    };
    // The service encodes the colon of the thread id here, and only that.
    let thread = thread.replace(':', "%3A");
    let location = format!("{}/chat/threads/{thread}/messages/{id}", inbound.origin());
    let answer = Answer::json(StatusCode::CREATED, &json!({ "id": id }));
    Ok(Outcome::new(
        answer.with_header("location", &location),
        true,
    ))
}

fn list(
    shared: &Shared,
    inbound: &Inbound,
    thread: &str,
    caller: &str,
    version: &str,
) -> Result<Outcome, AcsError> {
    let options = store::ListOptions::read(inbound)?;
    let (items, next) = shared
        .state()
        .acs_chat
        .list(shared, thread, caller, &options)?;
    let mut body = json!({ "value": items });
    if let Some(before) = next {
        body["nextLink"] =
            Value::from(options.next_link(&inbound.origin(), thread, before, version));
    }
    Ok(Outcome::new(Answer::json(StatusCode::OK, &body), false))
}

/// A message of another participant, who joins the thread if need be.
pub(crate) fn inject(
    shared: &Shared,
    thread: &str,
    sender: &str,
    text: &str,
    inbound: &Inbound,
) -> (String, String) {
    let draft = validate::Draft::text(text);
    let mut state = shared.state();
    let message_id = state.acs_chat.store(thread, sender, &draft).to_string();
    let row = NewRow {
        platform: Platform::AcsChat,
        operation: "inject",
        conversation: thread.to_owned(),
        sender: sender.to_owned(),
        kind: draft.kind.to_owned(),
        text: text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
    };
    state.ledger.append(row, inbound);
    (thread.to_owned(), message_id)
}
