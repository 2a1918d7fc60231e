//! Users: the user that a path names, and its minimal resource.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    seed::graph::GraphUser,
    services::graph::{
        context::Context,
        directory::{binding, options, routes::PathUser},
        error::GraphError,
        response,
    },
};

pub(crate) const MEMBERS: [&str; 8] = [
    "id",
    "displayName",
    "userPrincipalName",
    "mail",
    "givenName",
    "surname",
    "jobTitle",
    "preferredLanguage",
];

/// The object id of the user that a path begins below; `None` for an app that names none.
pub(crate) fn of(
    context: &Context<'_>,
    path_user: &PathUser,
) -> Result<Option<String>, GraphError> {
    let caller = &context.caller;
    match path_user {
        PathUser::Open if !caller.is_user => Ok(None),
        PathUser::Me if !caller.is_user => Err(no_me()),
        PathUser::Open | PathUser::Me => Ok(Some(caller.id.clone())),
        PathUser::User(key) => {
            let user = binding::user_id(context.service, key)?;
            if caller.is_user && user != caller.id {
                let message = "A user reads only what is the user's own.";
                return Err(GraphError::forbidden(message));
            }
            Ok(Some(user))
        }
    }
}

/// The refusal of `/me` for an app.
pub(crate) fn no_me() -> GraphError {
    GraphError::bad_request("/me request is only valid with delegated authentication flow.")
}

/// `GET /me`, `GET /users/{id or principal name}`.
pub(crate) fn get(context: &Context<'_>, path_user: &PathUser) -> Result<Outcome, GraphError> {
    options::only(context, &["$select"])?;
    let selected = options::names(context, "$select", &MEMBERS)?;
    let caller = &context.caller;
    let id = match path_user {
        PathUser::User(key) => binding::user_id(context.service, key)?,
        _ if caller.is_user => caller.id.clone(),
        _ => return Err(no_me()),
    };
    let user = context.service.seed.graph_user(&id);
    let name = match user {
        Some(user) => Some(user.display_name.as_str()),
        None => Some(caller.display_name.as_str()).filter(|_| id == caller.id),
    };
    let resource = resource(&id, name, user);
    let mut metadata = "users".to_owned();
    if !selected.is_empty() {
        metadata = format!("users({})", selected.join(","));
    }
    let body = options::entity(context, &metadata, options::select(resource, &selected));
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// The `user` resource.
pub(crate) fn resource(id: &str, name: Option<&str>, user: Option<&GraphUser>) -> Value {
    json!({
        "id": id,
        "displayName": name,
        "userPrincipalName": user.map(|user| &user.upn),
        "mail": user.map(|user| &user.upn),
        "givenName": name,
        "surname": null,
        "jobTitle": null,
        "preferredLanguage": null,
    })
}
