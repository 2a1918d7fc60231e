//! ACS Advanced Messaging: notifications, templates, media and conversations.

mod content;
mod conversation;
mod conversations;
mod interactive;
mod limits;
mod media;
mod once;
mod paging;
mod participants;
mod repeatability;
mod routes;
mod store;
mod template;
pub(crate) mod template_list;
mod validate;

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::engine::ledger::{About, NewRow};
use crate::engine::platform::Platform;
use crate::engine::resources::{Outcome, Shared, State};
use crate::engine::tokens::Audience;
use crate::services::acs::auth;
use crate::services::acs::error::{AcsError, api_version_problem};
use crate::wire::request::Request;
use crate::wire::response::Response;

use repeatability::Repeatable;
use validate::Accepted;

pub(crate) use once::Hold;
use routes::Op;
pub(crate) use routes::{Call, OPERATIONS, route};
pub(crate) use store::Store;

const VERSIONS: [&str; 5] = [
    "2024-02-01",
    "2024-08-30",
    "2025-01-15-preview",
    "2025-04-01-preview",
    "2025-09-01-preview",
];

/// The versions that have an operation.
fn versions(op: Op) -> &'static [&'static str] {
    match op {
        Op::Notification | Op::Media | Op::Templates => &VERSIONS,
        Op::Receipt => &VERSIONS[4..],
        _ => &VERSIONS[3..],
    }
}

/// Who calls, by access key, ACS user token or Entra token.
#[derive(Debug)]
pub(crate) struct Caller {
    /// What the repeatability store keys on.
    credential: String,
    /// The identity in conversations.
    sender: String,
    /// Whether it is a user, whose membership counts.
    is_user: bool,
}

/// One request of an authenticated caller.
pub(crate) struct Context<'a> {
    shared: &'a Arc<Shared>,
    request: &'a Request,
    caller: &'a Caller,
    /// The `api-version`, one that has the operation.
    version: &'a str,
    /// The id in the path; empty without one.
    id: &'a str,
    /// Epoch milliseconds.
    now: u64,
}

/// Answers an operation of this platform.
pub(crate) fn handle(shared: &Arc<Shared>, call: &Call, request: &Request) -> Outcome {
    let mut outcome = execute(shared, call, request)
        .unwrap_or_else(|refusal| Outcome::new(refusal.into_response(), false));
    decorate(shared, request, &mut outcome.response);
    let versions = versions(call.op).join(", ");
    outcome.response = outcome
        .response
        .with_header("api-supported-versions", &versions);
    outcome
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    let mut response = AcsError::of_status(status, message).into_response();
    decorate(shared, request, &mut response);
    response
}

fn decorate(shared: &Shared, request: &Request, response: &mut Response) {
    const ECHO: http::HeaderName = http::HeaderName::from_static("x-ms-client-request-id");
    if let Some(id) = request.header("x-ms-client-request-id") {
        response.set_header(ECHO, id);
    }
    let vector = format!("{}.0", shared.response_id().simple());
    response.set_header(http::HeaderName::from_static("ms-cv"), &vector);
}

fn execute(shared: &Arc<Shared>, call: &Call, request: &Request) -> Result<Outcome, AcsError> {
    let now = shared.now_ms();
    let caller = authenticate(shared, request, now)?;
    let resource = format!("{}{}", request.origin(), request.path());
    let version = request.query.value("api-version");
    if let Some(problem) = api_version_problem(version, versions(call.op), &resource) {
        return Err(problem);
    }
    let rates = limits::of(call.op, &call.id, request);
    if let Err(throttled) = shared.admit(Platform::AcsMessages, &rates) {
        let error = AcsError::of_status(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.");
        return Ok(Outcome::new(throttled.mark(error.into_response()), false));
    }
    let context = Context {
        shared,
        request,
        caller: &caller,
        version: version.unwrap_or_default(),
        id: &call.id,
        now,
    };
    match call.op {
        Op::Media => media::download(&context),
        Op::Templates => template_list::list(&context),
        Op::Create => conversations::create(&context),
        Op::Get => conversations::get(&context),
        Op::Conversations => conversations::list(&context),
        Op::List => conversations::messages(&context),
        Op::Send | Op::Notification => {
            // Judged outside the lock; a repetition is answered from the store even so.
            let judged = validate::send(&context, call.op);
            let perform = |state: &mut State, id: Option<&Repeatable>| {
                send(&context, call.op, judged, state, id)
            };
            Ok(once::run(&context, perform))
        }
        op => {
            let has_body = !matches!(op, Op::Delete | Op::Terminate | Op::Analyze);
            let body = has_body.then(|| validate::object(request));
            let perform = |state: &mut State, _: Option<&Repeatable>| {
                let response = match (op, body) {
                    (Op::Receipt, Some(body)) => {
                        body.and_then(|body| conversations::receipt(&context, &body))
                    }
                    (_, body) => conversations::change(&context, op, body, state),
                };
                (response.unwrap_or_else(AcsError::into_response), None)
            };
            Ok(once::run(&context, perform))
        }
    }
}

fn authenticate(shared: &Shared, request: &Request, now: u64) -> Result<Caller, AcsError> {
    let service = |credential: String| Caller {
        credential,
        sender: shared.seed.service_identity(),
        is_user: false,
    };
    Ok(
        match auth::caller(shared, Audience::Messages, request, now)? {
            auth::Caller::Key => service("access-key".to_owned()),
            auth::Caller::Entra(subject) => service(format!("entra:{subject}")),
            auth::Caller::User(user) => Caller {
                credential: user.clone(),
                sender: user,
                is_user: true,
            },
        },
    )
}

/// Stores the message and its ledger row. Answers the row's number when it did.
fn send(
    context: &Context<'_>,
    op: Op,
    judged: Result<Accepted, AcsError>,
    state: &mut State,
    repeatable: Option<&Repeatable>,
) -> (Response, Option<u64>) {
    let sent = judged.and_then(|accepted| match op {
        Op::Send => into_conversation(context, accepted, state),
        _ => Ok(notify(context.shared, accepted)),
    });
    match sent {
        Ok((mut row, response)) => {
            row.idempotency_key = repeatable.map(|r| r.key.1.to_string());
            let seq = state.ledger.append(row, context.request);
            (response, Some(seq))
        }
        Err(refusal) => (refusal.into_response(), None),
    }
}

fn into_conversation(
    context: &Context<'_>,
    accepted: Accepted,
    state: &mut State,
) -> Result<(NewRow, Response), AcsError> {
    let (shared, sender) = (context.shared, &context.caller.sender);
    let store = &mut state.acs_messages;
    let conversation = store.enter_active(shared, context.id, context.caller)?;
    let message_id = conversation
        .post(shared, sender, accepted.message)
        .to_string();
    let response = Response::json(StatusCode::OK, &json!({"messageId": message_id}));
    let row = NewRow {
        platform: Platform::AcsMessages,
        operation: "send",
        conversation: context.id.to_owned(),
        sender: sender.clone(),
        kind: accepted.kind,
        text: accepted.text,
        message_id,
        idempotency_key: None,
        about: About::default(),
    };
    Ok((row, response))
}

/// A notification: nothing but the ledger keeps it.
fn notify(shared: &Shared, accepted: Accepted) -> (NewRow, Response) {
    let message_id = shared.guid().to_string();
    let receipt = json!({"messageId": message_id, "to": accepted.to});
    let response = Response::json(StatusCode::ACCEPTED, &json!({"receipts": [receipt]}));
    let row = NewRow {
        platform: Platform::AcsMessages,
        operation: "send.notification",
        conversation: accepted.to,
        sender: accepted.channel,
        kind: accepted.kind,
        text: accepted.text,
        message_id,
        idempotency_key: None,
        about: About::default(),
    };
    (row, response)
}

/// A medium that the other side sends: its media type and content.
pub(crate) type Medium<'a> = (&'a str, Vec<u8>);

/// A message of the other side.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) from: &'a str,
    /// The conversation, for one that is not from a phone number to the channel.
    pub(crate) conversation: Option<&'a str>,
    pub(crate) text: &'a str,
    /// When it was made, epoch milliseconds; now when absent.
    pub(crate) created: Option<u64>,
}

/// An inbound message: into a conversation, or from a phone number to the channel. Answers where
/// it is, its id, and the id of its medium.
pub(crate) fn inject(
    shared: &Shared,
    incoming: &Incoming<'_>,
    medium: Option<Medium<'_>>,
    request: &Request,
) -> (String, String, Option<String>) {
    let Incoming {
        from,
        conversation,
        text,
        created,
    } = *incoming;
    let mut state = shared.state();
    let conversation_or_from = conversation.unwrap_or(from).to_owned();
    let mut kind = "text";
    let mut message: Value = json!({"kind": kind, "content": text});
    let media_id = medium.map(|(media_type, content)| {
        let id = shared.guid().to_string();
        kind = media::kind(media_type);
        let uri = format!("{}/messages/streams/{id}", request.origin());
        message = json!({"kind": kind, "mediaUri": uri, "caption": text});
        media::keep(&mut state, &id, media_type, content);
        id
    });
    let message_id = match conversation {
        Some(conversation) => state
            .acs_messages
            .store(shared, conversation, from, message, created)
            .to_string(),
        None => shared.guid().to_string(),
    };
    let row = NewRow {
        platform: Platform::AcsMessages,
        operation: "inject",
        conversation: conversation_or_from.clone(),
        sender: from.to_owned(),
        kind: kind.to_owned(),
        text: text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
        about: About::default(),
    };
    state.ledger.append(row, request);
    (conversation_or_from, message_id, media_id)
}
