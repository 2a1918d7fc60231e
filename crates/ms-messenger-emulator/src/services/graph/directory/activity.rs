//! Notifications of activity feeds, which are not messages and add no ledger row.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{
            binding,
            own_chat::chat_place,
            person,
            routes::{Feed, PathUser},
        },
        error::GraphError,
        messages::validate,
        place::team_id,
    },
    wire::response::Response,
};

/// How many recipients the bulk form takes.
const MAX_RECIPIENTS: usize = 100;

/// Accepts a notification: 204, and 202 for many recipients.
pub(crate) fn notify(
    context: &Context<'_>,
    path_user: &PathUser,
    feed: &Feed,
) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    well_formed(&body)?;
    let recipient = &body["recipient"];
    let (service, caller) = (context.service, &context.caller);
    let status = match feed {
        Feed::User => {
            if !recipient.is_null() {
                return Err(GraphError::invalid_body());
            }
            match path_user {
                PathUser::User(user) => binding::user_id(service, user).map(|_| ())?,
                _ if !caller.is_user => return Err(person::no_me()),
                _ => {}
            }
            StatusCode::NO_CONTENT
        }
        Feed::Chat(chat) => {
            one_recipient(recipient)?;
            let place = chat_place(chat)?;
            service.store().directory.enter(&place, caller)?;
            StatusCode::NO_CONTENT
        }
        Feed::Team(team) => {
            one_recipient(recipient)?;
            let id = team_id(team)?;
            let directory = &mut service.store().directory;
            directory.enter_team(&id, caller)?;
            StatusCode::NO_CONTENT
        }
        Feed::Recipients => {
            let recipients = body["recipients"].as_array();
            let recipients = recipients.ok_or_else(GraphError::invalid_body)?;
            if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
                return Err(GraphError::invalid_body());
            }
            recipients.iter().try_for_each(one_recipient)?;
            StatusCode::ACCEPTED
        }
    };
    Ok(Outcome::new(Response::empty(status), false))
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// What all forms have: a topic, the kind of activity, and parameters by name.
fn well_formed(body: &Value) -> Result<(), GraphError> {
    let topic = &body["topic"];
    let has_topic = match topic["source"].as_str() {
        Some("entityUrl") => is_text(&topic["value"]),
        Some("text") => is_text(&topic["value"]) && is_text(&topic["webUrl"]),
        _ => false,
    };
    let parameters = match &body["templateParameters"] {
        Value::Null => true,
        Value::Array(parameters) => parameters.iter().all(|p| is_text(&p["name"])),
        _ => false,
    };
    if has_topic && is_text(&body["activityType"]) && parameters {
        return Ok(());
    }
    Err(GraphError::invalid_body())
}

/// The kind of a recipient follows from its type, in either spelling of the documents.
fn one_recipient(recipient: &Value) -> Result<(), GraphError> {
    let kind = recipient["@odata.type"].as_str().unwrap_or_default();
    let kind = kind.rsplit_once('.').map_or(kind, |(_, kind)| kind);
    let is_known = match kind {
        "aadUserNotificationRecipient" => is_text(&recipient["userId"]),
        "chatMembersNotificationRecipient" => is_text(&recipient["chatId"]),
        "teamMembersNotificationRecipient" => is_text(&recipient["teamId"]),
        "channelMembersNotificationRecipient" => {
            is_text(&recipient["teamId"]) && is_text(&recipient["channelId"])
        }
        _ => false,
    };
    if is_known {
        return Ok(());
    }
    Err(GraphError::invalid_body())
}
