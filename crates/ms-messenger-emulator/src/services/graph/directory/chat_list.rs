//! Lists of chats.

use std::cmp::Reverse;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{chat::Chat, chats, options, person, routes::PathUser},
        error::GraphError,
        response,
    },
};

const BY_LAST_MESSAGE: &str = "lastMessagePreview/createdDateTime desc";

const OPTIONS: [&str; 6] = [
    "$expand",
    "$select",
    "$top",
    "$filter",
    "$orderby",
    "$skiptoken",
];

/// A page of the chats of a user, or, for an app at `/chats`, of the tenant.
pub(crate) fn list(context: &Context<'_>, path_user: &PathUser) -> Result<Outcome, GraphError> {
    options::only(context, &OPTIONS)?;
    let expand = options::names(context, "$expand", &["members", "lastMessagePreview"])?;
    let (top, filter) = (options::top(context)?, options::filter(context)?);
    let before = options::cursor(context)?.map(|(time, id)| (Reverse(time), id));
    let by_last_message = match context.request.query.value("$orderby") {
        None => false,
        Some(order) if order == BY_LAST_MESSAGE => true,
        Some(_) => {
            let message = format!("$orderby takes {BY_LAST_MESSAGE}.");
            return Err(GraphError::bad_request(message));
        }
    };
    let owner = person::of(context, path_user)?;
    let store = context.service.store();
    let messages = &store.messages;
    let is_listed = |chat: &&Chat| owner.as_ref().is_none_or(|owner| chat.members.has(owner));
    let key = |chat: &Chat| {
        let time = if by_last_message {
            messages.last_time_in_chat(&chat.place()).unwrap_or(0)
        } else {
            chat.updated
        };
        (Reverse(time), chat.id.clone())
    };
    let chats = store.directory.chats().filter(is_listed);
    let mut keyed: Vec<_> = chats.map(|chat| (key(chat), chat)).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    let after = |key: &(Reverse<u64>, String)| before.as_ref().is_none_or(|last| key > last);
    let admits = |chat: &Chat| {
        let whole = || chats::expanded(context, chat, messages, &["members", "lastMessagePreview"]);
        filter.as_ref().is_none_or(|filter| filter.admits(&whole()))
    };
    let mut wanted = keyed
        .iter()
        .filter(|(key, chat)| after(key) && admits(chat));
    let page: Vec<_> = wanted.by_ref().take(top).collect();
    let has_more = wanted.next().is_some();
    let chats = page.iter();
    let chats = chats.map(|(_, chat)| chats::expanded(context, chat, messages, &expand));
    let value = selected(context, chats.collect())?;
    let mut body = options::collection(context, &metadata(&expand), value);
    if let (Some(((time, id), _)), true) = (page.last(), has_more) {
        body["@odata.nextLink"] = json!(options::next_link(context, (time.0, id)));
    }
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// Each chat with what `$select` names: with `$expand` also of what is expanded.
fn selected(context: &Context<'_>, chats: Vec<Value>) -> Result<Vec<Value>, GraphError> {
    let Some(first) = chats.first().cloned() else {
        return Ok(chats);
    };
    let names = options::names(context, "$select", &options::members_of(&first))?;
    let chats = chats.into_iter();
    Ok(chats.map(|chat| options::select(chat, &names)).collect())
}

/// `chats`, `chats(members())`.
fn metadata(expand: &[&str]) -> String {
    if expand.is_empty() {
        return "chats".to_owned();
    }
    let expanded: Vec<String> = expand
        .iter()
        .map(|name| match *name {
            "members" => "members()".to_owned(),
            name => name.to_owned(),
        })
        .collect();
    format!("chats({})", expanded.join(","))
}
