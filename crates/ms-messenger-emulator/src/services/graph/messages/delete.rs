//! Soft deletion and its undoing.

use serde_json::json;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        error::GraphError,
        messages::{
            location::locate,
            preference::no_content,
            routes::{InPlace, Op},
            store::Store,
        },
        place::Place,
    },
    wire::clock,
};

/// The members that a deleted message hides, and that undoing brings back.
const CONTENT: [&str; 5] = ["body", "subject", "summary", "attachments", "mentions"];

/// Deletes a message, which remembers what it was.
pub(super) fn bury(messages: &mut Store, place: &Place, id: u64) {
    messages.bury(place, id);
    messages.revise(place, id, |message, now| {
        message["deletedDateTime"] = json!(clock::rfc3339_trimmed(now));
        message["body"]["content"] = json!("");
        message["subject"] = json!(null);
        message["summary"] = json!(null);
        message["attachments"] = json!([]);
        message["mentions"] = json!([]);
    });
}

/// Deletes a message of the caller's own, or brings it back. What is so already stays.
pub(crate) fn delete(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let at = call.at.resolve(context)?;
    let mut store = context.service.store();
    let graph = &mut *store;
    let located = locate(context, graph, call, &at)?;
    located.refuse_others(&context.caller)?;
    let deletes = call.op == Op::SoftDelete;
    let (place, id, messages) = (&at.place, located.id, &mut graph.messages);
    if deletes == messages.is_deleted(place, id) {
        return Ok(no_content());
    }
    if deletes {
        bury(messages, place, id);
    } else if let Some(before) = messages.unearth(place, id) {
        messages.revise(place, id, |message, _| {
            message["deletedDateTime"] = json!(null);
            for name in CONTENT {
                message[name] = before[name].clone();
            }
        });
    }
    Ok(no_content())
}
