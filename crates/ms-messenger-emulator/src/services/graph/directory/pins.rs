//! Pinned messages of chats.

use http::StatusCode;
use serde_json::json;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{chats, options, own_chat::chat_place},
        error::GraphError,
        messages::validate,
        response,
    },
    wire::response::Response,
};

const TYPE: &str = "#microsoft.graph.pinnedChatMessageInfo";

fn no_message() -> GraphError {
    GraphError::not_found("The message does not exist.")
}

/// The pinned messages, the last pinned first.
pub(crate) fn list(context: &Context<'_>, chat: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$expand"])?;
    let expand = options::names(context, "$expand", &["message"])?;
    let place = chat_place(chat)?;
    let mut store = context.service.store();
    let graph = &mut *store;
    graph.directory.enter(&place, &context.caller)?;
    let found = graph.directory.chat(chat).ok_or_else(chats::no_chat)?;
    let one = |pin: u64| {
        let mut info = json!({"@odata.type": TYPE, "id": pin.to_string()});
        if !expand.is_empty() {
            let message = graph.messages.in_chat(context, &place, pin);
            info["message"] = message.unwrap_or_default();
        }
        info
    };
    let value = found.pins.iter().rev().map(|pin| one(*pin)).collect();
    let metadata = format!("{}/pinnedMessages", place.context());
    let body = options::collection(context, &metadata, value);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// Pins the message that `message@odata.bind` names.
pub(crate) fn add(context: &Context<'_>, chat: &str) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let place = chat_place(chat)?;
    let bind = body["message@odata.bind"].as_str();
    let (_, id) = bind
        .and_then(|bind| bind.rsplit_once("/messages/"))
        .ok_or_else(GraphError::invalid_body)?;
    let pin: u64 = id.parse().map_err(|_| no_message())?;
    {
        let mut store = context.service.store();
        let graph = &mut *store;
        graph.directory.enter(&place, &context.caller)?;
        if !graph.messages.has_in_chat(&place, pin) {
            return Err(no_message());
        }
        let chat = graph.directory.chat_mut(chat).ok_or_else(chats::no_chat)?;
        if !chat.pins.contains(&pin) {
            chat.pins.push(pin);
        }
    }
    let metadata = format!("{}/pinnedMessages", place.context());
    let info = json!({"@odata.type": TYPE, "id": pin.to_string()});
    let body = options::entity(context, &metadata, info);
    Ok(response::json(StatusCode::CREATED, body.to_string()))
}

/// Unpins a message.
pub(crate) fn remove(context: &Context<'_>, chat: &str, pin: &str) -> Result<Outcome, GraphError> {
    let place = chat_place(chat)?;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    directory.enter(&place, &context.caller)?;
    let pins = &mut directory.chat_mut(chat).ok_or_else(chats::no_chat)?.pins;
    let at = pins.iter().position(|known| known.to_string() == pin);
    pins.remove(at.ok_or_else(no_message)?);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}
