//! Making, reading and renaming chats.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{
            binding,
            chat::Chat,
            member::{Member, Members},
            options,
            own_chat::{chat_place, own_chat},
            routes::PathUser,
        },
        error::GraphError,
        messages::{store, validate},
        response,
        state::Graph,
    },
};

/// The published limit of members of a chat.
pub(crate) const MAX_MEMBERS: usize = 250;
const MAX_TOPIC: usize = 250;
/// How many members `$expand` shows, whatever `$top`: a known fault of the service.
pub(crate) const EXPANDED_MEMBERS: usize = 25;

/// Creates a chat, or finds the one-on-one chat of the two users.
pub(crate) fn create(context: &Context<'_>) -> Result<Outcome, GraphError> {
    let (service, caller) = (context.service, &context.caller);
    let body = &validate::body(context.request)?;
    let kind = match body["chatType"].as_str() {
        Some("oneOnOne") => "oneOnOne",
        Some("group") => "group",
        _ => {
            return Err(GraphError::bad_request(
                "chatType must be oneOnOne or group.",
            ));
        }
    };
    let members = members(service, body)?;
    if caller.is_user && !members.iter().any(|(id, _)| *id == caller.id) {
        let message = "The members must include the caller.";
        return Err(GraphError::bad_request(message));
    }
    let topic = topic(body)?;
    let is_pair = kind == "oneOnOne";
    if is_pair && (members.len() != 2 || topic.is_some()) {
        let message = "A oneOnOne chat has exactly two different members and no topic.";
        return Err(GraphError::bad_request(message));
    }
    if members.len() > MAX_MEMBERS {
        let message = format!("A chat has at most {MAX_MEMBERS} members.");
        return Err(GraphError::bad_request(message));
    }
    let ids = if is_pair {
        let (one, other) = (&members[0].0, &members[1].0);
        let id = |a, b| format!("19:{a}_{b}@unq.gbl.spaces");
        vec![id(one, other), id(other, one)]
    } else {
        vec![format!("19:{}@thread.v2", service.engine.guid().simple())]
    };
    let mut store = service.store();
    let directory = &mut store.directory;
    let known = ids.iter().find_map(|id| directory.chat(id));
    let resource = match known {
        Some(chat) => chat.render(&service.seed, caller.is_user),
        None => {
            let mut chat = Chat::new(&ids[0], service.engine.now_ms());
            chat.topic = topic;
            chat.members = Members::of(members);
            chat.members.is_closed = true;
            let resource = chat.render(&service.seed, caller.is_user);
            directory.add_chat(chat);
            resource
        }
    };
    let body = options::entity(context, "chats", resource);
    Ok(response::json(StatusCode::CREATED, body.to_string()))
}

fn topic(body: &Value) -> Result<Option<String>, GraphError> {
    match &body["topic"] {
        Value::Null => Ok(None),
        Value::String(topic) if topic.chars().count() <= MAX_TOPIC && !topic.contains(':') => {
            Ok(Some(topic.clone()))
        }
        Value::String(_) => Err(GraphError::bad_request(
            "The topic has at most 250 characters and no ':'.",
        )),
        _ => Err(GraphError::invalid_body()),
    }
}

/// The members by object id, lower case, sorted, each once.
fn members(service: &Graph, body: &Value) -> Result<Vec<(String, Member)>, GraphError> {
    let members = body["members"]
        .as_array()
        .ok_or_else(GraphError::invalid_body)?;
    let one = |body| {
        let (id, member) = binding::parse(service, body, true)?;
        // Who is in from the beginning sees everything.
        let member = Member {
            history_from: 0,
            ..member
        };
        Ok((id, member))
    };
    let mut members: Vec<(String, Member)> = members.iter().map(one).collect::<Result<_, _>>()?;
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    members.dedup_by(|(one, _), (other, _)| one == other);
    Ok(members)
}

/// One chat, with its members or its last message where they are asked for.
pub(crate) fn get(
    context: &Context<'_>,
    path_user: &PathUser,
    id: &str,
) -> Result<Outcome, GraphError> {
    options::only(context, &["$expand"])?;
    let expand = options::names(context, "$expand", &["members", "lastMessagePreview"])?;
    let place = chat_place(id)?;
    own_chat(context, path_user, &place)?;
    let resource = {
        let mut store = context.service.store();
        let graph = &mut *store;
        graph.directory.enter(&place, &context.caller)?;
        let chat = graph.directory.chat(id).ok_or_else(no_chat)?;
        expanded(context, chat, &graph.messages, &expand)
    };
    let body = options::entity(context, "chats", resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

pub(crate) fn no_chat() -> GraphError {
    GraphError::not_found("NotFound")
}

/// The resource with what `$expand` names.
pub(crate) fn expanded(
    context: &Context<'_>,
    chat: &Chat,
    messages: &store::Store,
    expand: &[&str],
) -> Value {
    let seed = &context.service.seed;
    let mut resource = chat.render(seed, context.caller.is_user);
    if expand.contains(&"members") {
        let mut members = chat.members.render(seed, &chat.id);
        members.truncate(EXPANDED_MEMBERS);
        resource["members"] = members.into();
    }
    if expand.contains(&"lastMessagePreview") {
        let preview = messages.last_in_chat(context, &chat.place());
        resource["lastMessagePreview"] = preview.unwrap_or_default();
    }
    resource
}

/// Renames a group chat.
pub(crate) fn update(context: &Context<'_>, id: &str) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    if body.get("topic").is_none() {
        return Err(GraphError::invalid_body());
    }
    let topic = topic(&body)?;
    let place = chat_place(id)?;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    directory.enter(&place, &context.caller)?;
    let chat = directory.chat_mut(id).ok_or_else(no_chat)?;
    if chat.kind != "group" {
        let message = "The topic can only be set for a chat with a chatType of group.";
        return Err(GraphError::bad_request(message));
    }
    chat.topic = topic;
    chat.updated = context.service.engine.now_ms();
    let resource = chat.render(&context.service.seed, context.caller.is_user);
    let body = options::entity(context, "chats", resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}
