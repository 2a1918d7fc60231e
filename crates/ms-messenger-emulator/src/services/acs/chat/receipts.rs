//! Read receipts and typing notifications.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        chat::{
            body::{Problems, object},
            context::Chat,
            identifier,
            messages::missing_message,
            paging::SkipPage,
            thread::View,
        },
        error::AcsError,
    },
    wire::{clock, response::Response},
};

/// Above so many participants the service takes receipts, and keeps none.
const MAX_WITH_RECEIPTS: usize = 20;

/// R1: the newest receipt of each reader, the newest first.
pub(crate) fn list(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let page = SkipPage::read(chat.request)?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let mut receipts: Vec<(u64, u64, &String)> = thread
        .receipts
        .iter()
        .map(|(reader, (message, read_on))| (*read_on, *message, reader))
        .collect();
    receipts.sort_unstable_by(|a, b| b.cmp(a));
    let all: Vec<Value> = receipts
        .into_iter()
        .map(|(read_on, message, reader)| {
            json!({
                "senderCommunicationIdentifier": identifier::write(reader),
                "chatMessageId": message.to_string(),
                "readOn": clock::rfc3339_seconds(read_on),
            })
        })
        .collect();
    drop(store);
    let path = format!("/chat/threads/{}/readReceipts", chat.thread);
    let body = page.collect(chat.request, &path, &all);
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// R2. A receipt of an older message than the reader's newest changes nothing.
pub(crate) fn send(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = object(chat.request)?;
    let mut problems = Problems::default();
    let message = problems.some_text(&body, "chatMessageId");
    if !body.contains_key("chatMessageId") || body["chatMessageId"].is_null() {
        problems.add("chatMessageId", "The chatMessageId field is required.");
    }
    problems.into_result()?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    let found = thread.message(View::ALL, message.unwrap_or_default());
    let (_, message) = found.ok_or_else(missing_message)?;
    let id = message.id;
    let newest = thread.receipts.get(chat.caller).map_or(0, |(id, _)| *id);
    if thread.participants.len() <= MAX_WITH_RECEIPTS && id > newest {
        let receipt = (id, chat.service.engine.now_ms());
        thread.receipts.insert(chat.caller.to_owned(), receipt);
    }
    Ok(Outcome::new(Response::empty(StatusCode::OK), false))
}

/// Y1. A sign of typing cannot be read over REST: it is checked, and published as an event.
pub(crate) fn typing(chat: &Chat<'_>) -> Result<Outcome, AcsError> {
    let body = if chat.request.body.is_empty() {
        Map::new()
    } else {
        object(chat.request)?
    };
    let mut problems = Problems::default();
    let name = problems
        .text(&body, "senderDisplayName")
        .unwrap_or_default();
    problems.into_result()?;
    let mut store = chat.service.chat();
    let thread = store.enter(chat.thread, chat.caller)?;
    chat.scene(thread).typing(chat.caller, name);
    Ok(Outcome::new(Response::empty(StatusCode::OK), false))
}
