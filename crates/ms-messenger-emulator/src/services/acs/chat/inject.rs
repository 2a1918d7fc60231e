//! Messages of other participants, and changes to them.

use serde_json::Map;

use crate::{
    engine::{
        injection::InjectError,
        ledger::{
            present,
            row::{About, NewRow},
        },
        platform::Platform,
    },
    services::acs::{
        chat::{
            draft::{Change, Draft},
            events::{MessageEvent, Scene},
            identifier,
            thread::{Thread, View},
        },
        family::Acs,
    },
    wire::{path::may_be_named, request::Request},
};

const THREAD: &str = "must be the id of a thread, without blanks, control characters and %";

/// A message of another participant.
#[derive(Debug)]
pub(crate) struct InjectedMessage<'a> {
    pub(crate) conversation: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) text: &'a str,
    pub(crate) is_html: bool,
    /// When it was made, epoch milliseconds; now when absent.
    pub(crate) created: Option<u64>,
}

/// Stores a message of another participant, which joins the thread if needed. Returns its id.
///
/// # Errors
///
/// [`InjectError`] for a thread that is deleted or that no request can name, and for a sender that is neither
/// a participant nor of any known kind.
pub(crate) fn inject(
    service: &Acs,
    new: &InjectedMessage<'_>,
    request: &Request,
) -> Result<String, InjectError> {
    let (thread, sender) = (new.conversation, new.sender);
    let draft = Draft {
        kind: if new.is_html { "html" } else { "text" },
        ..Draft::text(new.text)
    };
    let mut store = service.chat();
    let known = store.threads.get(thread);
    let is_in = known.is_some_and(|known| known.participant(sender).is_some());
    InjectError::unless(&[
        ("conversation", may_be_named(thread), THREAD),
        (
            "conversation",
            known.is_none_or(|known| known.deleted_on.is_none()),
            "this thread is deleted",
        ),
        (
            "sender",
            is_in || identifier::is_of_known_kind(sender),
            identifier::RULE,
        ),
    ])?;
    let now = service.engine.now_ms();
    let posted = store.enter_as_guest(thread, sender, now);
    let posted = posted.map(|found| {
        let id = match new.created {
            Some(created) => found.post_earlier(sender, &draft, created),
            None => found.post(sender, &draft, now),
        };
        scene(service, thread, found).message(id, MessageEvent::Received);
        id
    });
    store.touch(thread, now);
    let message_id = posted.unwrap_or_default().to_string();
    let row = NewRow {
        platform: Platform::ACS_CHAT,
        operation: "inject",
        conversation: thread.to_owned(),
        sender: sender.to_owned(),
        kind: draft.kind.to_owned(),
        text: new.text.to_owned(),
        message_id: message_id.clone(),
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    service.engine.append(row, request);
    Ok(message_id)
}

/// Changes the text of a message. Returns whether it is there and not deleted.
pub(crate) fn inject_edit(service: &Acs, thread: &str, id: &str, text: &str) -> bool {
    let change = Change {
        content: Some(text.to_owned()),
        metadata: Map::new(),
        attachments: None,
    };
    let now = service.engine.now_ms();
    with_message(service, thread, id, |found, id| {
        found.edit(id, change, now);
        note_edit(service, thread, id, text);
        scene(service, thread, found).message(id, MessageEvent::Edited);
    })
}

/// Deletes a message. Returns whether it was there.
pub(crate) fn inject_delete(service: &Acs, thread: &str, id: &str) -> bool {
    let now = service.engine.now_ms();
    with_message(service, thread, id, |found, id| {
        found.delete(id, now);
        note_deletion(service, thread, id);
        scene(service, thread, found).message(id, MessageEvent::Deleted);
    })
}

const fn scene<'a>(service: &'a Acs, id: &'a str, thread: &'a Thread) -> Scene<'a> {
    Scene {
        hub: &service.events,
        id,
        thread,
    }
}

/// Notes that a message has another text now.
pub(crate) fn note_edit(service: &Acs, thread: &str, id: u64, text: &str) {
    let edited = present::Change::Edited {
        text,
        // An edit keeps the type.
        is_html: None,
    };
    let message = (thread, &*id.to_string());
    service
        .engine
        .note_change(Platform::ACS_CHAT, message, &edited);
}

/// Notes that a message is deleted.
pub(crate) fn note_deletion(service: &Acs, thread: &str, id: u64) {
    let message = (thread, &*id.to_string());
    let deleted = present::Change::Deleted;
    service
        .engine
        .note_change(Platform::ACS_CHAT, message, &deleted);
}

pub(crate) fn with_message(
    service: &Acs,
    thread: &str,
    id: &str,
    change: impl FnOnce(&mut Thread, u64),
) -> bool {
    let mut store = service.chat();
    let Some(thread) = store.threads.get_mut(thread) else {
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
