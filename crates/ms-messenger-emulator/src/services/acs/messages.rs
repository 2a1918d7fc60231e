//! ACS Advanced Messaging: notifications, templates, media and conversations.

pub(crate) mod caller;
pub(crate) mod content;
pub(crate) mod context;
pub(crate) mod conversation;
pub(crate) mod conversations;
pub(crate) mod fault;
pub(crate) mod fetch;
pub(crate) mod filled;
pub(crate) mod findings;
pub(crate) mod inject;
pub(crate) mod interactive;
pub(crate) mod limits;
pub(crate) mod media;
pub(crate) mod once;
pub(crate) mod paging;
pub(crate) mod participants;
pub(crate) mod pixel;
pub(crate) mod repeatability;
pub(crate) mod routes;
pub(crate) mod shown;
pub(crate) mod store;
pub(crate) mod template;
pub(crate) mod template_admin;
pub(crate) mod template_list;
pub(crate) mod templates;
pub(crate) mod validate;

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        outcome::Outcome,
        platform::Platform,
    },
    services::acs::{
        auth,
        error::{AcsError, api_version_problem},
        events::timeline::{Fate, Stored},
        family::{Acs, MESSAGES},
        messages::{
            caller::Caller, context::Context, findings::Accepted, repeatability::Repeatable,
            routes::Op,
        },
    },
    wire::{request::Request, response::Response},
};
pub(crate) use routes::Call;
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

/// Carries out an operation of this platform.
pub(crate) fn handle(service: &Arc<Acs>, call: &Call, request: &Request, fate: &Fate) -> Outcome {
    let mut outcome = execute(service, call, request, fate)
        .unwrap_or_else(|refusal| Outcome::new(refusal.into_response(), false));
    decorate(service, request, &mut outcome.response);
    let versions = versions(call.op).join(", ");
    outcome.response = outcome
        .response
        .with_header("api-supported-versions", &versions);
    outcome
}

/// The error body of a bare status.
pub(crate) fn status_error(
    service: &Acs,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    let mut response = AcsError::of_status(status, message).into_response();
    decorate(service, request, &mut response);
    response
}

fn decorate(service: &Acs, request: &Request, response: &mut Response) {
    const ECHO: http::HeaderName = http::HeaderName::from_static("x-ms-client-request-id");
    if let Some(id) = request.header("x-ms-client-request-id") {
        response.set_header(ECHO, id);
    }
    let vector = format!("{}.0", service.engine.response_id().simple());
    response.set_header(http::HeaderName::from_static("ms-cv"), &vector);
}

fn execute(
    service: &Arc<Acs>,
    call: &Call,
    request: &Request,
    fate: &Fate,
) -> Result<Outcome, AcsError> {
    let now = service.engine.now_ms();
    let caller = authenticate(service, request, now)?;
    let resource = format!("{}{}", request.origin(), request.path());
    let version = request.query.value("api-version");
    if let Some(problem) = api_version_problem(version, versions(call.op), &resource) {
        return Err(problem);
    }
    let rates = limits::of(call.op, &call.id, request);
    if let Err(throttled) = service.engine.admit(Platform::ACS_MESSAGES, &rates) {
        let error = AcsError::of_status(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded.");
        return Ok(Outcome::new(throttled.mark(error.into_response()), false));
    }
    let context = Context {
        service,
        request,
        caller: &caller,
        version: version.unwrap_or_default(),
        id: &call.id,
        now,
        fate,
    };
    match call.op {
        Op::Media => media::download(&context),
        Op::Templates => template_list::list(&context),
        Op::Create => conversations::create(&context),
        Op::Get => conversations::get(&context),
        Op::Conversations => conversations::list(&context),
        Op::List => conversations::messages(&context),
        Op::Send | Op::Notification => {
            // Checked outside the lock; a repeated request still gets the stored response.
            let judged = validate::send(&context, call.op);
            let perform = |store: &mut Store, id: Option<&Repeatable>| {
                send(&context, call.op, judged, store, id)
            };
            Ok(once::run(&context, perform))
        }
        op => {
            let has_body = !matches!(op, Op::Delete | Op::Terminate | Op::Analyze);
            let body = has_body.then(|| validate::object(request));
            let perform = |store: &mut Store, _: Option<&Repeatable>| {
                let response = match (op, body) {
                    (Op::Receipt, Some(body)) => {
                        body.and_then(|body| conversations::receipt(&context, &body))
                    }
                    (_, body) => conversations::change(&context, op, body, store),
                };
                (response.unwrap_or_else(AcsError::into_response), None)
            };
            Ok(once::run(&context, perform))
        }
    }
}

fn authenticate(service: &Acs, request: &Request, now: u64) -> Result<Caller, AcsError> {
    let of_service = |credential: String| Caller {
        credential,
        sender: service.seed.service_identity(),
        is_user: false,
    };
    Ok(match auth::caller(service, MESSAGES, request, now)? {
        auth::Caller::Key => of_service("access-key".to_owned()),
        auth::Caller::Entra(subject) => of_service(format!("entra:{subject}")),
        auth::Caller::User(user) => Caller {
            credential: user.clone(),
            sender: user,
            is_user: true,
        },
    })
}

/// A message that was stored, and its recipients.
struct Sent {
    row: NewRow,
    response: Response,
    /// The message itself, whose media are fetched.
    message: Value,
    /// The channel.
    from: String,
    to: Vec<String>,
}

/// Stores the message and its ledger row, and publishes what becomes of it. Returns the row's number
/// when it did.
fn send(
    context: &Context<'_>,
    op: Op,
    judged: Result<Accepted, AcsError>,
    store: &mut Store,
    repeatable: Option<&Repeatable>,
) -> (Response, Option<u64>) {
    let sent = judged.and_then(|accepted| match op {
        Op::Send => into_conversation(context, accepted, store),
        _ => Ok(notify(context.service, accepted)),
    });
    let mut sent = match sent {
        Ok(sent) => sent,
        Err(refusal) => return (refusal.into_response(), None),
    };
    sent.row.idempotency_key = repeatable.map(|r| r.key.1.to_string());
    let message_id = sent.row.message_id.clone();
    let seq = context.service.engine.append(sent.row, context.request);
    let stored = Stored {
        message_id,
        from: sent.from,
        to: sent.to,
    };
    fetch::publish(context.service, &sent.message, stored, context.fate);
    (sent.response, Some(seq))
}

fn into_conversation(
    context: &Context<'_>,
    accepted: Accepted,
    store: &mut Store,
) -> Result<Sent, AcsError> {
    let (service, sender) = (context.service, &context.caller.sender);

    let conversation = store.enter_active(context.id, context.caller)?;
    let message_id = conversation
        .post(&service.seed, context.now, sender, accepted.message.clone())
        .to_string();
    let response = Response::json(StatusCode::OK, &json!({"messageId": message_id}));
    let row = NewRow {
        platform: Platform::ACS_MESSAGES,
        operation: "send",
        conversation: context.id.to_owned(),
        sender: sender.clone(),
        kind: accepted.kind,
        text: accepted.text,
        message_id,
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    let channel = conversation.channels.first();
    let channel = channel.unwrap_or(&service.seed.acs.channel_registration_id);
    Ok(Sent {
        row,
        response,
        message: accepted.message,
        from: channel.clone(),
        to: conversation.phones(context.id),
    })
}

/// A notification: nothing but the ledger keeps it.
fn notify(service: &Acs, accepted: Accepted) -> Sent {
    let message_id = service.engine.guid().to_string();
    let receipt = json!({"messageId": message_id, "to": accepted.to});
    let response = Response::json(StatusCode::ACCEPTED, &json!({"receipts": [receipt]}));
    let (from, to) = (accepted.channel.clone(), vec![accepted.to.clone()]);
    let row = NewRow {
        platform: Platform::ACS_MESSAGES,
        operation: "send.notification",
        conversation: accepted.to,
        sender: accepted.channel,
        kind: accepted.kind,
        text: accepted.text,
        message_id,
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    Sent {
        row,
        response,
        message: accepted.message,
        from,
        to,
    }
}
