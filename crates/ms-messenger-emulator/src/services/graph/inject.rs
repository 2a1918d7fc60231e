//! `POST /_emulator/inject` for Graph: messages, edits, deletions and events of other users.

use serde_json::{Value, json};

use crate::{
    engine::injection::{InjectError, Injection, ids, ids_of_changed},
    services::graph::{messages::injected, state::Graph},
};

type Made = Result<Value, InjectError>;

/// Does what the document says. Returns the ids it made.
pub(crate) fn inject(service: &Graph, injection: &Injection<'_>) -> Made {
    let document = injection.document;
    match document.get("action").map(Value::as_str) {
        Some(Some("message")) => message(service, injection),
        Some(Some("edit")) => edit(service, injection),
        Some(Some("delete")) => delete(service, injection),
        Some(_) => Err(InjectError::new(
            "action: must be one of message, edit, delete",
        )),
        None if document.get("event").is_some() => event(service, injection),
        None => message(service, injection),
    }
}

fn message(service: &Graph, injection: &Injection<'_>) -> Made {
    let required = ["conversation", "sender", "text"];
    let optional = ["action", "content_type", "reply_to"];
    let fields = injection.fields_with_time(&required, &optional)?;
    let new = injected::InjectedMessage {
        conversation: fields.text("conversation"),
        sender: fields.text("sender"),
        text: fields.text("text"),
        is_html: fields.is_html()?,
        reply_to: fields.optional("reply_to"),
        created: fields.created(),
    };
    let id = injected::inject(service, &new, injection.request)?;
    Ok(ids(new.conversation, &id))
}

fn edit(service: &Graph, injection: &Injection<'_>) -> Made {
    let required = ["action", "conversation", "message_id", "text"];
    let fields = injection.fields(&required, &["content_type"])?;
    let (conversation, id) = (fields.text("conversation"), fields.text("message_id"));
    let (text, is_html) = (fields.text("text"), fields.is_html()?);
    let is_there = injected::inject_edit(service, conversation, id, text, is_html);
    ids_of_changed(is_there, conversation, id)
}

fn delete(service: &Graph, injection: &Injection<'_>) -> Made {
    let fields = injection.fields(&["action", "conversation", "message_id"], &[])?;
    let (conversation, id) = (fields.text("conversation"), fields.text("message_id"));
    let is_there = injected::inject_delete(service, conversation, id);
    ids_of_changed(is_there, conversation, id)
}

/// Something happened in a channel or a chat; `event` is its kind or its whole `eventDetail`.
fn event(service: &Graph, injection: &Injection<'_>) -> Made {
    let mut named = injection.document.clone();
    named["event"] = json!("checked below");
    let checked = injection.with_document(&named);
    let fields = checked.fields(&["conversation", "sender", "event"], &[])?;
    let (place, sender) = (fields.text("conversation"), fields.text("sender"));
    let event = &injection.document["event"];
    let made = injected::inject_event(service, place, sender, event);
    let (conversation, id) = made?;
    Ok(ids(&conversation, &id))
}
