//! Migration: an app imports messages of earlier times and other users into a channel or a chat.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    engine::outcome::Outcome,
    seed::derive::EPOCH_SECONDS,
    services::graph::{
        caller::Caller,
        context::Context,
        error::GraphError,
        messages::{
            migrating::Migration,
            preference::no_content,
            routes::{Migrate, Scope},
            validate,
        },
        place::{Place, team_id},
    },
    wire::clock,
};

/// Who said an imported message, and when.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) author: Caller,
    /// Epoch milliseconds; `None` is now.
    pub(crate) created: Option<u64>,
}

/// Starts or completes a migration.
pub(crate) fn migrate(context: &Context<'_>, call: &Migrate) -> Result<Outcome, GraphError> {
    match (&call.scope, call.starts) {
        (Scope::Place(place), true) => start(context, &place.well_formed()?),
        (Scope::Place(place), false) => {
            let place = place.well_formed()?;
            complete(context, |other| *other == place)
        }
        (Scope::Team(team), _) => {
            let wanted = team_id(team)?;
            complete(
                context,
                |place| matches!(place, Place::Channel { team, .. } if *team == wanted),
            )
        }
    }
}

fn start(context: &Context<'_>, place: &Place) -> Result<Outcome, GraphError> {
    let body = if context.request.body.is_empty() {
        Value::Null
    } else {
        validate::body(context.request)?
    };
    if place.conversation().starts_with("19:meeting_") {
        let message = "Migration is not supported for meeting chats.";
        return Err(GraphError::bad_request(message));
    }
    // When the seeded channel and chat were made.
    let made = EPOCH_SECONDS * 1000;
    let moved = match &body["conversationCreationDateTime"] {
        Value::Null => None,
        time => {
            let time = time.as_str().and_then(clock::parse_rfc3339);
            Some(time.filter(|time| *time < made).ok_or_else(|| {
                let message = "conversationCreationDateTime must be before createdDateTime.";
                GraphError::bad_request(message)
            })?)
        }
    };
    let mut store = context.service.store();
    let graph = &mut *store;
    let directory = &mut graph.directory;
    directory.enter(place, &context.caller)?;
    let migrations = &mut graph.messages.migrations;
    if migrations.contains_key(place) {
        let message = "The conversation is already in migration mode.";
        return Err(GraphError::bad_request(message));
    }
    let app = context.caller.id.clone();
    let since = moved.unwrap_or(made);
    migrations.insert(place.clone(), Migration { app, since });
    directory.migrate(place, "inProgress", moved);
    Ok(no_content())
}

fn complete(
    context: &Context<'_>,
    is_meant: impl Fn(&Place) -> bool,
) -> Result<Outcome, GraphError> {
    let mut store = context.service.store();
    let graph = &mut *store;
    let migrations = &mut graph.messages.migrations;
    let mut meant = migrations.iter().filter(|(place, _)| is_meant(place));
    if meant.clone().next().is_none() {
        let message = "The conversation is not in migration mode.";
        return Err(GraphError::bad_request(message));
    }
    if meant.any(|(_, migration)| migration.app != context.caller.id) {
        return Err(of_another_app());
    }
    for place in migrations.keys().filter(|place| is_meant(place)) {
        graph.directory.migrate(place, "completed", None);
    }
    migrations.retain(|place, _| !is_meant(place));
    Ok(no_content())
}

impl Import {
    /// Reads `from` and `createdDateTime` of the message that an app sends to `place`; refuses it
    /// outside a migration that this app has started.
    pub(crate) fn read(
        context: &Context<'_>,
        place: &Place,
        message: &Value,
    ) -> Result<Self, GraphError> {
        let migrations = &context.service.store().messages.migrations;
        let Some(migration) = migrations.get(place) else {
            return Err(GraphError::application_only());
        };
        if migration.app != context.caller.id {
            return Err(of_another_app());
        }
        let created = match &message["createdDateTime"] {
            Value::Null => None,
            time => Some(past(
                time,
                migration.since,
                context.service.engine.now_ms(),
            )?),
        };
        let user = &message["from"]["user"];
        let id = user["id"].as_str().and_then(|id| Uuid::try_parse(id).ok());
        let author = Caller {
            app: String::new(),
            id: id.ok_or_else(GraphError::invalid_body)?.to_string(),
            display_name: user["displayName"].as_str().unwrap_or_default().to_owned(),
            is_user: true,
        };
        Ok(Self { author, created })
    }
}

/// A time after `since` and not after now, epoch milliseconds.
fn past(time: &Value, since: u64, now: u64) -> Result<u64, GraphError> {
    let time = time.as_str().and_then(clock::parse_rfc3339);
    let time = time.ok_or_else(GraphError::invalid_body)?;
    if time <= since {
        let message = "createdDateTime must be later than that of the conversation.";
        return Err(GraphError::bad_request(message));
    }
    if time > now {
        let message = "createdDateTime must not be in the future.";
        return Err(GraphError::bad_request(message));
    }
    Ok(time)
}

fn of_another_app() -> GraphError {
    GraphError::forbidden("The migration was started by another application.")
}

/// 409 for a millisecond at which the conversation has a message already.
pub(crate) fn taken() -> GraphError {
    let message = "A message with the same createdDateTime exists in the conversation.";
    GraphError::of_status(StatusCode::CONFLICT, message)
}
