//! Single messages and lists.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        error::GraphError,
        messages::{
            address::Address,
            entity::entity,
            list::{self, Kind, Location, Options},
            location::{locate, no_message, number},
            preference::{view, with_preference},
            routes::InPlace,
        },
        response,
    },
};

/// One message, or one reply.
pub(crate) fn get(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let at = call.at.resolve(context)?;
    list::only(context.request, &["$select"])?;
    let located = locate(context, &context.service.store(), call, &at)?;
    let view = view(context);
    let body = located.template.view(view);
    let body = match context.request.query.value("$select") {
        None => body,
        Some(selected) => select(&body, selected)?,
    };
    let body = entity(view, &at.context(&context.caller.id), located.root, &body);
    Ok(with_preference(response::json(StatusCode::OK, body), view))
}

/// The members of a message that `$select` names; the id is always there.
fn select(message: &[u8], selected: &str) -> Result<Bytes, GraphError> {
    let names: Vec<&str> = selected.split(',').map(str::trim).collect();
    let mut message: Value = serde_json::from_slice(message).unwrap_or_default();
    let members = message.as_object_mut().ok_or_else(no_message)?;
    if let Some(name) = names.iter().find(|name| !members.contains_key(**name)) {
        let message = format!(
            "Could not find a property named '{name}' on type 'microsoft.graph.chatMessage'."
        );
        return Err(GraphError::bad_request(message));
    }
    members.retain(|name, _| name == "id" || names.contains(&name.as_str()));
    Ok(message.to_string().into())
}

/// A page of messages, or of the replies to one.
pub(crate) fn list(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let at = call.at.resolve(context)?;
    let root = number(call.root.as_ref())?;
    let location = location(&at, &context.caller.id, root);
    let kind = match root {
        Some(_) => Kind::Replies,
        None if at.place.is_channel() => Kind::Channel,
        None => Kind::Chat,
    };
    let options = Options::read(context.request, kind, &location.path)?;
    let page = {
        let store = context.service.store();
        let messages = &store.messages;
        let directory = &store.directory;
        directory.admit(&at.place, &context.caller)?;
        match root {
            Some(root) if !messages.has_root(&at.place, root) => return Err(no_message()),
            Some(root) => messages.replies(&at.place, root, options.window()),
            None => messages.roots(&at.place, options.window()),
        }
    };
    let view = view(context);
    let body = list::body(&options, view, &location, &page);
    Ok(with_preference(response::json(StatusCode::OK, body), view))
}

/// The list of messages at `at`, or of the replies to `root` there.
fn location(at: &Address, caller: &str, root: Option<u64>) -> Location {
    let (within, below) = match root {
        None => (String::new(), String::new()),
        Some(root) => (format!("('{root}')/replies"), format!("/{root}/replies")),
    };
    Location {
        path: format!("{}/messages{below}", at.path()),
        context: format!("{}/messages{within}", at.context(caller)),
    }
}
