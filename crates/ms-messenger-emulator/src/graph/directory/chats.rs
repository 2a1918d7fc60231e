//! `POST /chats`.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock;
use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::graph::{self, messages};
use crate::shared::{Outcome, Shared};

/// Makes a chat, or finds the one-on-one chat of the two people.
pub(crate) fn create(context: &Context<'_>) -> Result<Outcome, GraphError> {
    let (shared, caller) = (context.shared, &context.caller);
    let body = &messages::body(context.inbound)?;
    let is_one_on_one = match body["chatType"].as_str() {
        Some("oneOnOne") => true,
        Some("group") => false,
        _ => {
            return Err(GraphError::bad_request(
                "chatType must be oneOnOne or group.",
            ));
        }
    };
    let members = members(shared, body)?;
    if caller.is_user && !members.contains(&caller.id) {
        let message = "The members must include the caller.";
        return Err(GraphError::bad_request(message));
    }
    let topic = body["topic"].as_str();
    if is_one_on_one && (members.len() != 2 || topic.is_some()) {
        let message = "A oneOnOne chat has exactly two different members and no topic.";
        return Err(GraphError::bad_request(message));
    }
    let id = if is_one_on_one {
        format!("19:{}_{}@unq.gbl.spaces", members[0], members[1])
    } else {
        format!("19:{}@thread.v2", shared.guid().simple())
    };
    let tenant = &shared.world.graph.tenant_id;
    let make = || {
        let now = clock::rfc3339_trimmed(clock::now_ms());
        json!({
            "id": id,
            "topic": topic,
            "createdDateTime": now,
            "lastUpdatedDateTime": now,
            "chatType": if is_one_on_one { "oneOnOne" } else { "group" },
            "webUrl": null,
            "tenantId": tenant,
        })
    };
    let directory = &mut shared.state().graph.directory;
    let mut chat = directory.chat(&id, &members, make);
    chat["@odata.context"] = json!(format!("{}/$metadata#chats/$entity", context.base));
    Ok(graph::json(StatusCode::CREATED, chat.to_string()))
}

/// The object ids of the members, lower case, sorted, each once.
fn members(shared: &Shared, body: &Value) -> Result<Vec<String>, GraphError> {
    let members = body["members"]
        .as_array()
        .ok_or_else(GraphError::invalid_body)?;
    let mut ids = Vec::new();
    for member in members {
        let has_role = |role: &Value| role == "owner" || role == "guest";
        if !member["roles"]
            .as_array()
            .is_some_and(|roles| roles.iter().any(has_role))
        {
            let message = "Each member needs the role owner or guest.";
            return Err(GraphError::bad_request(message));
        }
        let bind = member["user@odata.bind"].as_str().unwrap_or_default();
        ids.push(user_id(shared, bind)?);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// The object id in `…/users('ID or UPN')` or `…/users/ID`.
fn user_id(shared: &Shared, bind: &str) -> Result<String, GraphError> {
    let key = bind.rsplit_once("/users").map_or("", |(_, key)| key);
    let key = percent_decode_str(key)
        .decode_utf8_lossy()
        .replace("''", "'");
    let key = key
        .trim_start_matches(['(', '\'', '/'])
        .trim_end_matches([')', '\'']);
    if key.is_empty() {
        let message = "Each member needs user@odata.bind with a user's id or principal name.";
        return Err(GraphError::bad_request(message));
    }
    let mut users = shared.world.graph.users.iter();
    let seeded = users.find(|u| u.id.eq_ignore_ascii_case(key) || u.upn.eq_ignore_ascii_case(key));
    if let Some(user) = seeded {
        return Ok(user.id.clone());
    }
    match Uuid::try_parse(key) {
        Ok(id) if !shared.settings.is_strict => Ok(id.to_string()),
        _ => Err(GraphError::not_found(format!(
            "Resource '{key}' does not exist."
        ))),
    }
}
