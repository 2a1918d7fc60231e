//! Soft deletion and its undoing.

use serde_json::json;

use crate::{
    engine::{ledger::present::Change, outcome::Outcome, platform::Platform},
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
        state::Graph,
    },
    wire::clock,
};

/// The members that a deleted message hides, and that undoing brings back.
const CONTENT: [&str; 5] = ["body", "subject", "summary", "attachments", "mentions"];

/// Notes in the ledger what became of a message.
pub(super) fn changed(service: &Graph, place: &Place, id: u64, change: &Change<'_>) {
    let message = (place.conversation(), &*id.to_string());
    service
        .engine
        .note_change(Platform::MSGRAPH_CHAT, message, change);
}

/// Deletes a message, which remembers what it was.
pub(super) fn bury(service: &Graph, messages: &mut Store, place: &Place, id: u64) {
    changed(service, place, id, &Change::Deleted);
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
        bury(context.service, messages, place, id);
    } else if let Some(before) = messages.unearth(place, id) {
        changed(context.service, place, id, &Change::Undeleted);
        messages.revise(place, id, |message, _| {
            message["deletedDateTime"] = json!(null);
            for name in CONTENT {
                message[name] = before[name].clone();
            }
        });
    }
    Ok(no_content())
}
