//! Reactions.

use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        error::GraphError,
        messages::{
            emoji,
            location::locate,
            preference::no_content,
            routes::{InPlace, Op},
            validate,
        },
    },
    wire::clock,
};

/// Sets or takes back a reaction of the caller. What is so already does not change the message.
pub(crate) fn react(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let reaction_type = body["reactionType"].as_str().unwrap_or_default();
    if !is_emoji(reaction_type) {
        let message = "Invalid reaction type specified in the payload.";
        return Err(GraphError::bad_request(message));
    }
    let at = call.at.resolve(context)?;
    let caller = &context.caller.id;
    let mut store = context.service.store();
    let graph = &mut *store;
    let located = locate(context, graph, call, &at)?;
    located.refuse_deleted()?;
    let message = located.template.value();
    let reactions = message["reactions"].as_array();
    let known = reactions.and_then(|all| all.iter().position(|r| is_of(r, caller, reaction_type)));
    let sets = call.op == Op::SetReaction;
    if sets == known.is_some() {
        return Ok(no_content());
    }
    graph
        .messages
        .revise(&at.place, located.id, |message, now| {
            let reaction = match known {
                Some(known) => take(message, known),
                None => reaction(reaction_type, caller, now),
            };
            let action = if sets {
                push(message, "reactions", reaction.clone());
                "reactionAdded"
            } else {
                "reactionRemoved"
            };
            let entry = json!({
                "modifiedDateTime": clock::rfc3339_trimmed(now),
                "actions": action,
                "reaction": reaction,
            });
            push(message, "messageHistory", entry);
        });
    Ok(no_content())
}

/// Whether this may be an emoji: the classic names (`like` …) are only read, never written.
fn is_emoji(text: &str) -> bool {
    let is_other = |c: char| c.is_ascii_alphabetic() || c.is_control() || c.is_whitespace();
    text.len() <= 64 && !text.is_ascii() && !text.contains(is_other)
}

fn is_of(reaction: &Value, user: &str, reaction_type: &str) -> bool {
    reaction["reactionType"] == reaction_type && reaction["user"]["user"]["id"] == user
}

fn reaction(reaction_type: &str, user: &str, now: u64) -> Value {
    json!({
        "reactionType": reaction_type,
        "displayName": emoji::title(reaction_type),
        "reactionContentUrl": null,
        "createdDateTime": clock::rfc3339_trimmed(now),
        "user": {
            "application": null,
            "device": null,
            "user": {
                "@odata.type": "#microsoft.graph.teamworkUserIdentity",
                "id": user,
                "displayName": null,
                "userIdentityType": "aadUser",
            },
        },
    })
}

fn push(message: &mut Value, list: &str, entry: Value) {
    if let Some(list) = message[list].as_array_mut() {
        list.push(entry);
    }
}

fn take(message: &mut Value, index: usize) -> Value {
    let reactions = message["reactions"].as_array_mut();
    reactions.map_or(Value::Null, |reactions| reactions.remove(index))
}
