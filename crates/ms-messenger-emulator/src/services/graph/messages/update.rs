//! Edits: of one's own message, or of its policy violation by an app.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    engine::{ledger::present::Change, outcome::Outcome},
    services::graph::{
        context::Context,
        drives::sent as files,
        error::GraphError,
        messages::{
            address::Address,
            delete::changed,
            entity::entity,
            location::locate,
            policy,
            preference::{no_content, view, with_preference},
            render,
            routes::InPlace,
            template::{BASE, View, link_text},
            validate::{self, Draft},
        },
        place::Place,
        response,
    },
    wire::clock,
};

/// `PATCH` of a message: users edit their own text, an app sets the policy violation.
pub(crate) fn update(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let limit = context.service.settings.message_limit;
    validate::size(context.request, &body, limit)?;
    let at = call.at.resolve(context)?;
    if context.caller.is_user {
        edit(context, call, &at, &body)
    } else {
        mark(context, call, &at, &body)
    }
}

fn edit(
    context: &Context<'_>,
    call: &InPlace,
    at: &Address,
    changes: &Value,
) -> Result<Outcome, GraphError> {
    if !changes["policyViolation"].is_null() {
        let message = "policyViolation can be updated with application permissions only.";
        return Err(GraphError::forbidden(message));
    }
    let mut store = context.service.store();
    let graph = &mut *store;
    let located = locate(context, graph, call, at)?;
    located.refuse_others(&context.caller)?;
    located.refuse_deleted()?;
    let (place, id) = (&at.place, located.id);
    // As its author reads it, links and all.
    let author = View {
        base: &context.base,
        knows_all_members: true,
    };
    let old = serde_json::from_slice(&located.template.view(author)).unwrap_or_default();
    let (wanted, has_content) = merged(&old, changes);
    let mut draft = validate::message(&wanted, place)?;
    let is_strict = context.service.engine.is_strict();
    // What is there already is not judged again.
    let is_given = !changes["body"].is_null() || changes.get("attachments").is_some();
    let files = files::settle(&graph.drives, &mut draft, is_strict && is_given)?;
    if has_content {
        let edited = Change::Edited {
            text: &draft.content,
            is_html: Some(draft.content_type == "html"),
        };
        changed(context.service, place, id, &edited);
    }
    if place.is_channel() && draft.subject != old["subject"] {
        let subject = draft.subject.as_str().unwrap_or_default();
        changed(context.service, place, id, &Change::Subject(subject));
    }
    without_base(&mut draft, &context.base, place);
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
    if is_given {
        files::replace(&mut graph.drives, place, id, files);
    }
    Ok(no_content())
}

/// The message as it is to be, and whether its body, attachments or mentions are to change.
///
/// A new body comes with all of its attachments and mentions; new ones alone belong to the body
/// that is there.
fn merged(old: &Value, changes: &Value) -> (Value, bool) {
    let is_given = |name: &str| changes.get(name).is_some();
    let has_body = !changes["body"].is_null();
    let mut wanted = Map::new();
    for name in [
        "subject",
        "summary",
        "importance",
        "attachments",
        "mentions",
    ] {
        let belongs_to_body = matches!(name, "attachments" | "mentions");
        let from = if is_given(name) || (has_body && belongs_to_body) {
            changes
        } else {
            old
        };
        wanted.insert(name.to_owned(), from[name].clone());
    }
    let body = if has_body { changes } else { old };
    wanted.insert("body".to_owned(), body["body"].clone());
    let hosted = changes["hostedContents"].clone();
    wanted.insert("hostedContents".to_owned(), hosted);
    let has_content = has_body || is_given("attachments") || is_given("mentions");
    (wanted.into(), has_content)
}

/// Takes the beginning off the links to messages of this place, as it is in stored messages.
fn without_base(draft: &mut Draft, base: &str, place: &Place) {
    let path = format!("/{}/messages/", place.path());
    let (from, to) = (
        format!("{}{path}", link_text(base)),
        format!("{BASE}{path}"),
    );
    draft.content = draft.content.replace(&from, &to);
    for attachment in &mut draft.attachments {
        if let Some(content) = attachment["content"].as_str() {
            attachment["content"] = content.replace(&from, &to).into();
        }
    }
}

fn mark(
    context: &Context<'_>,
    call: &InPlace,
    at: &Address,
    changes: &Value,
) -> Result<Outcome, GraphError> {
    let violation = policy::violation(changes)?;
    let view = view(context);
    let mut store = context.service.store();
    let graph = &mut *store;
    let located = locate(context, graph, call, at)?;
    graph.messages.revise(&at.place, located.id, |message, _| {
        message["policyViolation"] = violation;
    });
    let template = graph.messages.template(&at.place, located.root, located.id);
    let message = template
        .map(|template| template.view(view))
        .unwrap_or_default();
    drop(store);
    let body = entity(
        view,
        &at.context(&context.caller.id),
        located.root,
        &message,
    );
    Ok(with_preference(response::json(StatusCode::OK, body), view))
}
