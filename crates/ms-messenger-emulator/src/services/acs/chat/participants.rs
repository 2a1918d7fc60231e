//! Operations on participants: list, add, remove; and the check of new ones.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        chat::{
            body::{Problems, object},
            context::Chat,
            identifier::{self, Flaw},
            locate::Step,
            paging::SkipPage,
            thread::Participant,
        },
        error::AcsError,
        family::Acs,
        identity::{store::Store as IdentityStore, users},
    },
    wire::{clock, response::Response},
};

/// The published limit of participants of a thread.
pub(crate) const MAX_PARTICIPANTS: usize = 250;
const IDENTIFIER: &str = "communicationIdentifier";
/// The published limit of one request.
const MAX_IN_REQUEST: usize = 200;

/// P1.
pub(crate) fn list(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let page = SkipPage::read(chat.request)?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let all: Vec<Value> = thread
        .participants
        .iter()
        .map(Participant::to_json)
        .collect();
    drop(store);
    let path = format!("/chat/threads/{}/participants", chat.thread);
    let body = page.collect(chat.request, &path, &all);
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Adds participants. Present ones change nothing; refused ones are named, and the rest are added.
pub(crate) fn add(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = object(chat.request)?;
    let mut problems = Problems::default();
    if !body.get("participants").is_some_and(Value::is_array) {
        problems.add("participants", "The participants field is required.");
    }
    let wanted = read(chat, &body, "addChatParticipantsRequestDto", &mut problems);
    problems.into_result()?;
    let mut store = chat.service.chat();
    let (mut newcomers, refused) = judge(chat.service, &chat.service.identity(), wanted);
    let thread = store.enter(chat.thread, chat.caller)?;
    newcomers.retain(|p| thread.participant(&p.raw_id).is_none());
    if thread.participants.len() + newcomers.len() > MAX_PARTICIPANTS {
        return Err(too_many());
    }
    let now = chat.service.engine.now_ms();
    thread.add(chat.caller, newcomers.clone(), now);
    for newcomer in &newcomers {
        chat.scene(thread).added(chat.caller, newcomer);
    }
    let mut body = json!({});
    if !refused.is_empty() {
        body["invalidParticipants"] = json!(refused);
    }
    Ok(Outcome::new(
        Response::json(StatusCode::CREATED, &body),
        false,
    ))
}

/// P3. Its body is the identifier itself. Who is not in changes nothing.
pub(crate) fn remove(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = Value::Object(object(chat.request)?);
    let raw_id = match identifier::read(&body) {
        Ok(raw_id) => raw_id,
        Err(Flaw::Meaning(message)) => return Err(AcsError::bad_request(message)),
        Err(Flaw::Kind { path, message }) => {
            let path: Vec<Step> = path.into_iter().map(member).collect();
            let mut problems = Problems::default();
            problems.unreadable(chat.request, IDENTIFIER, &path, message);
            return Err(problems
                .into_result()
                .err()
                .unwrap_or_else(|| AcsError::bad_request(message)));
        }
    };
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    if let Some(gone) = thread.participant(&raw_id) {
        // The removed participant gets the event too.
        chat.scene(thread).removed(chat.caller, gone);
    }
    thread.remove(chat.caller, &raw_id, chat.service.engine.now_ms());
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

pub(crate) fn too_many() -> AcsError {
    let message = "A thread must not have more than 250 participants.";
    AcsError::bad_request(message).with_target("participants")
}

fn member(name: &str) -> Step {
    Step::Member(name.to_owned())
}

/// The participants of a body, each once; `dto` is the service's name for such a body.
pub(crate) fn read(
    chat: &Chat<'_>,
    body: &Map<String, Value>,
    dto: &str,
    problems: &mut Problems,
) -> Vec<Participant> {
    let list = match body.get("participants") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            problems.add("participants", "The participants field must be an array.");
            return Vec::new();
        }
    };
    if list.len() > MAX_IN_REQUEST {
        let message = "A request must not have more than 200 participants.";
        problems.add("participants", message);
        return Vec::new();
    }
    let mut all: Vec<Participant> = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let part = format!("participants[{index}]");
        let one = problems.within(&part, |problems| read_one(item, chat.version, problems));
        match one {
            Ok(Some(one)) if !all.iter().any(|p| p.raw_id == one.raw_id) => all.push(one),
            Ok(_) => {}
            Err((path, message)) => {
                let mut whole = vec![member("participants"), Step::Item(index)];
                whole.extend(path.into_iter().map(member));
                problems.unreadable(chat.request, dto, &whole, message);
            }
        }
    }
    all
}

/// A participant; `None` for one whose problems were added. The error is a value that cannot be
/// read, by the names that lead to it.
type ReadOne = Result<Option<Participant>, (Vec<&'static str>, &'static str)>;

fn read_one(item: &Value, version: &str, problems: &mut Problems) -> ReadOne {
    let Some(fields) = item.as_object() else {
        return Err((Vec::new(), "Error converting the value to an object."));
    };
    let display_name = problems.text(fields, "displayName").map(str::to_owned);
    let metadata = problems.small_metadata(fields, false, version);
    let share_history = match problems.text(fields, "shareHistoryTime") {
        None => 0,
        Some(text) => clock::parse_rfc3339(text).unwrap_or_else(|| {
            let message = "shareHistoryTime must be an RFC 3339 time.";
            problems.add("shareHistoryTime", message);
            0
        }),
    };
    match identifier::read(item.get(IDENTIFIER).unwrap_or(&Value::Null)) {
        Ok(raw_id) => Ok(Some(Participant {
            raw_id: raw_id.into(),
            display_name,
            share_history,
            metadata: metadata.unwrap_or_default(),
        })),
        Err(Flaw::Meaning(problem)) => {
            problems.add(IDENTIFIER, problem);
            Ok(None)
        }
        Err(Flaw::Kind { path, message }) => Err(([vec![IDENTIFIER], path].concat(), message)),
    }
}

/// Who may take part, and the entries of `invalidParticipants` for the others.
pub(crate) fn judge(
    service: &Acs,
    identities: &IdentityStore,
    wanted: Vec<Participant>,
) -> (Vec<Participant>, Vec<Value>) {
    let mut refused = Vec::new();
    let mut members = wanted;
    members.retain(|participant| {
        let refusal = refusal(service, identities, &participant.raw_id);
        if let Some((code, message)) = refusal {
            let target = &*participant.raw_id;
            refused.push(json!({"target": target, "code": code, "message": message}));
        }
        refusal.is_none()
    });
    (members, refused)
}

/// Code and message for a refused participant.
fn refusal(
    service: &Acs,
    identities: &IdentityStore,
    raw_id: &str,
) -> Option<(&'static str, &'static str)> {
    const NOT_FOUND: (&str, &str) = ("404", "Not found");
    const NOT_ALLOWED: (&str, &str) = ("403", "Permissions check failed");
    let is_strict = service.engine.is_strict();
    match identifier::kind(raw_id) {
        "communicationUser" if identities.is_deleted(raw_id) => Some(NOT_FOUND),
        "communicationUser" if !is_strict => None,
        "communicationUser" if !users::is_of_resource(service, raw_id) => Some(NOT_ALLOWED),
        "communicationUser" => {
            let is_known = identities.is_known(&service.seed, raw_id);
            (!is_known).then_some(NOT_FOUND)
        }
        "unknown" => Some(NOT_FOUND),
        "phoneNumber" => Some(NOT_ALLOWED),
        _ => is_strict.then_some(NOT_ALLOWED),
    }
}
