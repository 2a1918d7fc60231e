//! Edits: of one's own message, or of its policy violation by an app.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::graph;
use crate::graph::Place;
use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::graph::messages::address::Address;
use crate::graph::messages::read::entity;
use crate::graph::messages::template::{BASE, link_text};
use crate::graph::messages::{
    Call, Located, locate, no_content, policy, render, validate, view, with_preference,
};
use crate::shared::Outcome;

/// `PATCH` of a message: a user edits what he said, an app sets the policy violation.
pub(crate) fn update(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let body = validate::body(context.inbound)?;
    let limit = context.shared.settings.graph_message_limit;
    validate::size(context.inbound, &body, limit)?;
    let at = call.at.resolve(context)?;
    if context.caller.is_user {
        edit(context, call, &at, body)
    } else {
        mark(context, call, &at, &body)
    }
}

fn edit(
    context: &Context<'_>,
    call: &Call,
    at: &Address,
    changes: Value,
) -> Result<Outcome, GraphError> {
    if !changes["policyViolation"].is_null() {
        let message = "policyViolation can be updated with application permissions only.";
        return Err(GraphError::forbidden(message));
    }
    let mut state = context.shared.state();
    let graph = &mut state.graph;
    let located = locate(context, graph, call, at)?;
    located.refuse_others(&context.caller)?;
    located.refuse_deleted()?;
    let (place, id) = (&at.place, located.id);
    let (wanted, has_content) = merged(&located, place, context, changes);
    let draft = validate::message(&wanted, place)?;
    let path = render::message_path(place, located.root, id);
    let mut hosted = Vec::new();
    graph.messages.revise(place, id, |message, now| {
        message["lastEditedDateTime"] = json!(clock::rfc3339_trimmed(now));
        message["importance"] = json!(draft.importance);
        if place.is_channel() {
            message["subject"] = draft.subject.clone();
            message["summary"] = draft.summary.clone();
        }
        if has_content {
            hosted = render::fill(message, &path, now, draft);
        }
    });
    graph.messages.add_hosted(place, id, hosted);
    Ok(no_content())
}

/// The message as it is to be, and whether its body, attachments or mentions are to change.
///
/// A new body comes with all of its attachments and mentions; new ones alone belong to the body
/// that is there.
fn merged(
    located: &Located,
    place: &Place,
    context: &Context<'_>,
    changes: Value,
) -> (Value, bool) {
    let old = located.template.value();
    let Value::Object(changes) = relative_links(changes, place, context) else {
        return (old, false);
    };
    let mut wanted = Map::new();
    let mut take = |name: &str, absent: &Value| {
        let value = changes.get(name).unwrap_or(absent).clone();
        wanted.insert(name.to_owned(), value);
    };
    let has_body = changes.get("body").is_some_and(|body| !body.is_null());
    for name in ["attachments", "mentions"] {
        take(name, if has_body { &Value::Null } else { &old[name] });
    }
    for name in ["subject", "summary", "importance"] {
        take(name, &old[name]);
    }
    take("hostedContents", &Value::Null);
    if !has_body {
        wanted.insert("body".to_owned(), old["body"].clone());
    } else {
        take("body", &Value::Null);
    }
    let has_lists = ["attachments", "mentions"]
        .iter()
        .any(|name| changes.contains_key(*name));
    (wanted.into(), has_body || has_lists)
}

/// The caller's text, in which links to the messages of this place (as he read them) lose their
/// beginning again.
fn relative_links(changes: Value, place: &Place, context: &Context<'_>) -> Value {
    let path = format!("/{}/messages/", place.path());
    let (from, to) = (
        format!("{}{path}", link_text(&context.base)),
        format!("{BASE}{path}"),
    );
    replaced(changes, &from, &to)
}

fn replaced(value: Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(text) if text.contains(from) => text.replace(from, to).into(),
        Value::Array(items) => items
            .into_iter()
            .map(|item| replaced(item, from, to))
            .collect(),
        Value::Object(members) => {
            let member = |(name, value)| (name, replaced(value, from, to));
            members.into_iter().map(member).collect()
        }
        other => other,
    }
}

fn mark(
    context: &Context<'_>,
    call: &Call,
    at: &Address,
    changes: &Value,
) -> Result<Outcome, GraphError> {
    let violation = policy::violation(changes)?;
    let view = view(context);
    let mut state = context.shared.state();
    let graph = &mut state.graph;
    let located = locate(context, graph, call, at)?;
    graph.messages.revise(&at.place, located.id, |message, _| {
        message["policyViolation"] = violation;
    });
    let template = graph.messages.template(&at.place, located.root, located.id);
    let message = template
        .map(|template| template.view(view))
        .unwrap_or_default();
    drop(state);
    let body = entity(
        view,
        &at.context(&context.caller.id),
        located.root,
        &message,
    );
    Ok(with_preference(graph::json(StatusCode::OK, body), view))
}
