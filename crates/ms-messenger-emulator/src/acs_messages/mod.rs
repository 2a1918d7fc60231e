//! ACS Advanced Messaging: notifications and conversation messages.

mod content;
mod interactive;
mod repeatability;
mod store;
mod template;
mod validate;

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::access_key;
use crate::acs_error::{AcsError, api_version_problem};
use crate::answer::Answer;
use crate::clock;
use crate::inbound::Inbound;
use crate::platform::Platform;
use crate::router::Call;
use crate::shared::{Outcome, Shared, State};
use crate::world::World;

use repeatability::{Found, Repeatable};
use validate::Accepted;

pub(crate) use store::Store;
use store::{ListOptions, Sent};

const NOTIFICATION_VERSIONS: [&str; 5] = [
    "2024-02-01",
    "2024-08-30",
    "2025-01-15-preview",
    "2025-04-01-preview",
    "2025-09-01-preview",
];
const CONVERSATION_VERSIONS: [&str; 2] = ["2025-04-01-preview", "2025-09-01-preview"];

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

/// Keeps a repeatable request running until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    shared: Arc<Shared>,
    key: repeatability::Key,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared
            .state()
            .acs_messages
            .repeatability
            .finish(&self.key);
    }
}

/// Answers an operation of this platform.
pub(crate) fn handle(shared: &Arc<Shared>, call: &Call, inbound: &Inbound) -> Outcome {
    let versions: &[&str] = match call {
        Call::Notification => &NOTIFICATION_VERSIONS,
        _ => &CONVERSATION_VERSIONS,
    };
    let mut outcome = execute(shared, call, inbound, versions)
        .unwrap_or_else(|refusal| Outcome::new(refusal.into_answer(), false));
    decorate(shared, inbound, &mut outcome.answer);
    let versions = versions.join(", ");
    outcome.answer = outcome
        .answer
        .with_header("api-supported-versions", &versions);
    outcome
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    inbound: &Inbound,
    status: StatusCode,
    message: &str,
) -> Answer {
    let mut answer = AcsError::of_status(status, message).into_answer();
    decorate(shared, inbound, &mut answer);
    answer
}

fn decorate(shared: &Shared, inbound: &Inbound, answer: &mut Answer) {
    const ECHO: http::HeaderName = http::HeaderName::from_static("x-ms-client-request-id");
    if let Some(id) = inbound.header("x-ms-client-request-id") {
        answer.set_header(ECHO, id);
    }
    let vector = format!("{}.0", shared.guid().simple());
    answer.set_header(http::HeaderName::from_static("ms-cv"), &vector);
}

fn execute(
    shared: &Arc<Shared>,
    call: &Call,
    inbound: &Inbound,
    versions: &[&str],
) -> Result<Outcome, AcsError> {
    let now = clock::now_ms();
    let caller = authenticate(shared, inbound, now)?;
    let resource = format!("{}{}", inbound.origin(), inbound.path());
    let version = inbound.query.value("api-version");
    if let Some(problem) = api_version_problem(version, versions, &resource) {
        return Err(problem);
    }
    let version = version.unwrap_or_default();
    match call {
        Call::ConversationList { conversation } => list(shared, &caller, conversation, inbound),
        _ => Ok(send(shared, call, inbound, &caller, version, now)),
    }
}

fn authenticate(shared: &Shared, inbound: &Inbound, now: u64) -> Result<Caller, AcsError> {
    let denied = |message| AcsError::new(StatusCode::UNAUTHORIZED, "Denied", message);
    let world = &shared.world;
    let authorization = inbound.header("authorization").unwrap_or_default();
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        let refused = |_| denied("Denied by the resource provider.");
        let claims = world
            .tokens()
            .verify(token.trim(), now / 1000)
            .map_err(refused)?;
        if let Some(user) = claims.acs_user() {
            return Ok(Caller {
                credential: user.clone(),
                sender: user,
                is_user: true,
            });
        }
        if !claims.text("aud").is_some_and(World::is_acs_audience) {
            return Err(denied("Denied by the resource provider."));
        }
        let subject = claims.text("oid").or_else(|| claims.text("appid"));
        return Ok(Caller {
            credential: format!("entra:{}", subject.unwrap_or_default()),
            sender: world.service_identity(),
            is_user: false,
        });
    }
    access_key::verify(shared.access_key(), inbound, now)
        .map_err(|problem| denied(problem.message()))?;
    Ok(Caller {
        credential: "access-key".to_owned(),
        sender: world.service_identity(),
        is_user: false,
    })
}

fn send(
    shared: &Arc<Shared>,
    call: &Call,
    inbound: &Inbound,
    caller: &Caller,
    version: &str,
    now: u64,
) -> Outcome {
    let repeatable = match repeatability::read(inbound, &caller.credential, now) {
        Ok(repeatable) => repeatable,
        Err(problem) => return Outcome::new(with_result(problem.into_answer(), "rejected"), false),
    };
    // Judged outside the lock; a repetition is answered from the store even so.
    let judged = validate::send(call, inbound, version, shared);
    let mut state = shared.state();
    let Some(repeatable) = repeatable else {
        let (answer, row) = perform(shared, &mut state, call, inbound, caller, judged, None);
        return Outcome::new(answer, row.is_some());
    };
    match state.acs_messages.repeatability.begin(&repeatable, now) {
        Found::New => {
            let id = Some(&repeatable);
            let (answer, row) = perform(shared, &mut state, call, inbound, caller, judged, id);
            let answer = with_result(answer, "accepted");
            state
                .acs_messages
                .repeatability
                .record(&repeatable.key, &answer, row);
            let hold = Hold {
                shared: Arc::clone(shared),
                key: repeatable.key,
            };
            Outcome {
                answer,
                is_stored: row.is_some(),
                hold: Some(hold),
            }
        }
        Found::Replay(answer, row) => {
            if let Some(row) = row {
                state.ledger.raise_replays(row);
            }
            Outcome::new(answer, false)
        }
        Found::Running => {
            let message = "The request with this Repeatability-Request-ID is still running.";
            let conflict = AcsError::of_status(StatusCode::CONFLICT, message);
            Outcome::new(with_result(conflict.into_answer(), "rejected"), false)
        }
        Found::Differs => {
            let message = "Repeatability-Request-ID was used for a different request.";
            let refusal = AcsError::bad_request(message);
            Outcome::new(with_result(refusal.into_answer(), "rejected"), false)
        }
    }
}

fn with_result(answer: Answer, result: &str) -> Answer {
    answer.with_header("repeatability-result", result)
}

/// Stores the message and its ledger row. Answers the row's number when it did.
fn perform(
    shared: &Shared,
    state: &mut State,
    call: &Call,
    inbound: &Inbound,
    caller: &Caller,
    judged: Result<Accepted, AcsError>,
    repeatable: Option<&Repeatable>,
) -> (Answer, Option<u64>) {
    let sent = judged.and_then(|accepted| match call {
        Call::ConversationSend { conversation } => {
            state
                .acs_messages
                .send(shared, conversation, caller, accepted)
        }
        _ => Ok(store::notify(shared, accepted)),
    });
    match sent {
        Ok(Sent { mut row, answer }) => {
            row.idempotency_key = repeatable.map(|r| r.key.1.to_string());
            let seq = state.ledger.append(row, inbound);
            (answer, Some(seq))
        }
        Err(refusal) => (refusal.into_answer(), None),
    }
}

fn list(
    shared: &Shared,
    caller: &Caller,
    conversation: &str,
    inbound: &Inbound,
) -> Result<Outcome, AcsError> {
    let options = ListOptions::read(inbound)?;
    let page = shared
        .state()
        .acs_messages
        .list(shared, conversation, caller, &options)?;
    let mut body = json!({ "value": page.items });
    if let Some(last) = page.continues_after {
        // The live service writes a relative reference here, and omits the member on the last page.
        let version = inbound.query.value("api-version").unwrap_or_default();
        let (path, size) = (inbound.path(), options.size);
        let next =
            format!("{path}?api-version={version}&maxPageSize={size}&continuationToken={last}");
        body["nextLink"] = json!(next);
    }
    Ok(Outcome::new(Answer::json(StatusCode::OK, &body), false))
}

/// An inbound message: into a conversation, or from a phone number to the channel.
pub(crate) fn inject(
    shared: &Shared,
    from: &str,
    conversation: Option<&str>,
    text: &str,
    inbound: &Inbound,
) -> (String, String) {
    let mut state = shared.state();
    let conversation_or_from = conversation.unwrap_or(from).to_owned();
    let message: Value = json!({"kind": "text", "content": text});
    let message_id = match conversation {
        Some(conversation) => state
            .acs_messages
            .store(shared, conversation, from, message)
            .to_string(),
        None => shared.guid().to_string(),
    };
    let row = crate::ledger::NewRow {
        platform: Platform::AcsMessages,
        operation: "inject",
        conversation: conversation_or_from.clone(),
        sender: from.to_owned(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
    };
    state.ledger.append(row, inbound);
    (conversation_or_from, message_id)
}
