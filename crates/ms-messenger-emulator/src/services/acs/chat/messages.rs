//! Operations on messages: send, list, get, update, delete.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        outcome::Outcome,
        platform::Platform,
    },
    services::acs::{
        chat::{
            context::Chat,
            draft::Draft,
            events::MessageEvent,
            images, inject,
            paging::MessagePage,
            thread::{Message, Thread, View},
            validate,
        },
        error::{AcsError, forbidden},
    },
    wire::response::Response,
};

/// Sends a message.
pub(crate) fn send(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let mut draft = validate::send(chat.request, chat.version)?;
    let row = |message_id: String, draft: &Draft| NewRow {
        platform: Platform::ACS_CHAT,
        operation: "send",
        conversation: chat.thread.to_owned(),
        sender: chat.caller.to_owned(),
        kind: draft.kind.to_owned(),
        text: draft.content.clone(),
        message_id,
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    let id = {
        let mut store = chat.service.chat();
        let now = chat.service.engine.now_ms();
        let thread = store.enter(chat.thread, chat.caller)?;
        images::add_addresses(&mut draft.attachments, chat, &thread.images);
        let number = thread.post(chat.caller, &draft, now);
        let id = number.to_string();
        chat.scene(thread).message(number, MessageEvent::Received);
        store.touch(chat.thread, now);
        chat.service
            .engine
            .append(row(id.clone(), &draft), chat.request);
        id
    };
    // The service encodes the colon of the thread id here, and only that.
    let thread = chat.thread.replace(':', "%3A");
    let origin = chat.request.origin();
    let location = format!("{origin}/chat/threads/{thread}/messages/{id}");
    let response = Response::json(StatusCode::CREATED, &json!({ "id": id }));
    Ok(Outcome::new(
        response.with_header("location", &location),
        true,
    ))
}

/// M2.
pub(crate) fn list(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let page = MessagePage::read(chat.request)?;
    let mut items = Vec::new();
    let mut next_link = None;
    let store = chat.service.chat();
    let read = store.read(chat.thread, chat.caller)?;
    if let Some((thread, view)) = read {
        let mut wanted = thread
            .newest_first(view, page.before)
            .take_while(|(version, _)| *version >= page.start);
        let mut last = 0;
        for (version, message) in wanted.by_ref().take(page.size) {
            last = version;
            items.push(message.to_json(version));
        }
        if wanted.next().is_some() {
            let newest = thread.newest();
            next_link = Some(page.next_link(chat.request, chat.thread, last, newest));
        }
    }
    drop(store);
    let mut body = json!({ "value": items });
    if let Some(next_link) = next_link {
        body["nextLink"] = Value::from(next_link);
    }
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// M3.
pub(crate) fn get(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let store = chat.service.chat();
    let read = store.read(chat.thread, chat.caller)?;
    let found = read.and_then(|(thread, view)| thread.message(view, chat.message));
    let (version, message) = found.ok_or_else(missing_message)?;
    let response = Response::json(StatusCode::OK, &message.to_json(version));
    Ok(Outcome::new(response, false))
}

/// M4.
pub(crate) fn update(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let mut change = validate::update(chat.request, chat.version)?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let message = own(chat, thread)?;
    if message.deleted_on.is_some() {
        return Err(missing_message());
    }
    let id = message.id;
    images::add_addresses(&mut change.attachments, chat, &thread.images);
    if let Some(text) = &change.content {
        inject::note_edit(chat.service, chat.thread, id, text);
    }
    thread.edit(id, change, chat.service.engine.now_ms());
    chat.scene(thread).message(id, MessageEvent::Edited);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// M5. A message that is deleted already stays as it is.
pub(crate) fn delete(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let message = own(chat, thread)?;
    let (id, is_gone) = (message.id, message.deleted_on.is_some());
    if !is_gone {
        thread.delete(id, chat.service.engine.now_ms());
        inject::note_deletion(chat.service, chat.thread, id);
        chat.scene(thread).message(id, MessageEvent::Deleted);
    }
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// The message of the path, which must be the caller's.
fn own<'a>(chat: &Chat<'_>, thread: &'a Thread) -> Result<&'a Message, AcsError> {
    let found = thread.message(View::ALL, chat.message);
    let (_, message) = found.ok_or_else(missing_message)?;
    if message.sender.as_deref() == Some(chat.caller) {
        Ok(message)
    } else {
        Err(forbidden())
    }
}

pub(crate) fn missing_message() -> AcsError {
    AcsError::of_status(StatusCode::NOT_FOUND, "The message does not exist.")
}
