//! Operations on threads: create, list, get, update, delete.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        chat::{
            body::{Problems, has_thread_metadata, is_too_large, merge, object},
            context::Chat,
            events::Scene,
            identifier,
            paging::ThreadPage,
            participants::{self, MAX_PARTICIPANTS},
            thread::{Participant, Thread},
            versions::NEWEST,
        },
        error::AcsError,
        family::Acs,
    },
    wire::{clock, response::Response},
};

/// Creates a thread. The same `repeatability-request-id` of the same caller gets the first response again.
pub(crate) fn create(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = object(chat.request)?;
    let mut problems = Problems::default();
    let topic = problems.some_text(&body, "topic").unwrap_or_default();
    if !body.contains_key("topic") || body["topic"].is_null() {
        problems.add("topic", "The topic field is required.");
    }
    let metadata = problems.small_metadata(&body, false, chat.version);
    let retention = retention(&body, chat.version, &mut problems);
    let wanted = participants::read(chat, &body, "createChatThreadRequestDto", &mut problems);
    problems.into_result()?;
    let request_id = chat.request.header("repeatability-request-id");
    let key = request_id.map(|id| (chat.caller.to_owned(), id.to_owned()));
    let id = new_id(chat.service);
    let now = chat.service.engine.now_ms();
    let mut store = chat.service.chat();
    let earlier = key.as_ref();
    if let Some(response) = earlier.and_then(|key| store.earlier_creation(key)) {
        return Ok(Outcome::new(response, false));
    }
    let (mut members, refused) =
        participants::judge(chat.service, &chat.service.identity(), wanted);
    if !members.iter().any(|p| *p.raw_id == *chat.caller) {
        members.insert(0, Participant::new(chat.caller));
    }
    if members.len() > MAX_PARTICIPANTS {
        return Err(participants::too_many());
    }
    let mut thread = Thread::new(chat.caller, members, topic, now);
    thread.metadata = metadata.unwrap_or_default();
    thread.retention = retention.filter(|policy| policy["kind"] != "none");
    let mut body = json!({"chatThread": properties(&id, &thread)});
    if !refused.is_empty() {
        body["invalidParticipants"] = json!(refused);
    }
    Scene {
        hub: &chat.service.events,
        id: &id,
        thread: &thread,
    }
    .created();
    store.insert(&id, thread, now);
    let (origin, path) = (chat.request.origin(), id.replace(':', "%3A"));
    let response = Response::json(StatusCode::CREATED, &body)
        .with_header("location", &format!("{origin}/chat/threads/{path}"));
    if let Some(key) = key {
        store.keep_creation(key, &response, now);
    }
    Ok(Outcome::new(response, false))
}

/// Lists the threads of the caller, the most recently active first; deleted ones stay listed.
pub(crate) fn list(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let page = ThreadPage::read(chat.request)?;
    let store = chat.service.chat();
    let mut mine: Vec<(&String, &Thread)> = store
        .threads
        .iter()
        .filter(|(_, thread)| thread.participant(chat.caller).is_some())
        .filter(|(_, thread)| (page.start..page.before).contains(&thread.activity))
        .collect();
    mine.sort_unstable_by_key(|(_, thread)| std::cmp::Reverse(thread.activity));
    let shown = &mine[..page.size.min(mine.len())];
    let items: Vec<Value> = shown.iter().map(|(id, thread)| item(id, thread)).collect();
    let mut body = json!({ "value": items });
    if let Some((_, last)) = shown.last().filter(|_| shown.len() < mine.len()) {
        body["nextLink"] = json!(page.next_link(chat.request, last.activity));
    }
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Returns the properties of a thread.
pub(crate) fn get(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let body = properties(chat.thread, thread);
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Changes topic, metadata or retention of a thread.
pub(crate) fn update(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = object(chat.request)?;
    let mut problems = Problems::default();
    let topic = problems.some_text(&body, "topic");
    let patch = problems.small_metadata(&body, true, chat.version);
    let retention = retention(&body, chat.version, &mut problems);
    problems.into_result()?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let mut metadata = thread.metadata.clone();
    merge(&mut metadata, patch.unwrap_or_default(), false);
    if is_too_large(&metadata) {
        let message = "The metadata exceeds the maximum size of 1 KB.";
        return Err(AcsError::bad_request(message).with_target("metadata"));
    }
    thread.metadata = metadata;
    if let Some(policy) = retention {
        thread.retention = Some(policy).filter(|policy| policy["kind"] != "none");
    }
    if let Some(topic) = topic {
        topic.clone_into(&mut thread.topic);
        thread.note_topic(chat.caller, chat.service.engine.now_ms());
    }
    chat.scene(thread).updated(chat.caller);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// Deletes a thread.
pub(crate) fn delete(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    thread.deleted_on = Some(chat.service.engine.now_ms());
    chat.scene(thread).deleted(chat.caller);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// ChatThreadProperties.
fn properties(id: &str, thread: &Thread) -> Value {
    let mut value = json!({
        "id": id,
        "topic": thread.topic,
        "createdOn": clock::rfc3339_seconds(thread.created_on),
        "createdByCommunicationIdentifier": identifier::write(&thread.creator),
    });
    if !thread.metadata.is_empty() {
        value["metadata"] = json!(thread.metadata);
    }
    if let Some(policy) = &thread.retention {
        value["retentionPolicy"] = policy.clone();
    }
    value
}

/// ChatThreadItem.
fn item(id: &str, thread: &Thread) -> Value {
    let mut value = json!({"id": id, "topic": thread.topic});
    if let Some(deleted_on) = thread.deleted_on {
        value["deletedOn"] = json!(clock::rfc3339_seconds(deleted_on));
    }
    if let Some(last) = thread.last_message_on {
        value["lastMessageReceivedOn"] = json!(clock::rfc3339_seconds(last));
    }
    value
}

/// The retention policy of a body: `threadCreationDate` with 30 to 90 days, or `none`.
fn retention(body: &Map<String, Value>, version: &str, problems: &mut Problems) -> Option<Value> {
    const NAME: &str = "retentionPolicy";
    let policy = body.get(NAME).filter(|policy| !policy.is_null())?;
    if !has_thread_metadata(version) {
        let message = "A retention policy is not supported by this API version.";
        problems.add(NAME, message);
    }
    match policy["kind"].as_str() {
        Some("none") if version == NEWEST => {}
        Some("threadCreationDate") => {
            let days = policy["deleteThreadAfterDays"].as_i64();
            if !days.is_some_and(|days| (30..=90).contains(&days)) {
                problems.add(NAME, "deleteThreadAfterDays must be from 30 to 90.");
            }
        }
        _ => problems.add(NAME, "The kind of the retention policy is not valid."),
    }
    Some(policy.clone())
}

/// `19:<44 url-safe characters>@thread.v2`.
fn new_id(service: &Acs) -> String {
    let (one, two) = (service.engine.guid(), service.engine.guid());
    let bytes = [
        one.as_bytes().as_slice(),
        two.as_bytes(),
        &[one.as_bytes()[0]],
    ]
    .concat();
    format!("19:{}@thread.v2", URL_SAFE_NO_PAD.encode(bytes))
}
