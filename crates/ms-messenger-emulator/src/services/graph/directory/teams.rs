//! Teams and their tags.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde_json::json;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{options, person, routes::PathUser},
        error::GraphError,
        place::team_id,
        response,
    },
};

/// The teams of a user: id, name and description only, or those of them that `$select` names.
pub(crate) fn joined(context: &Context<'_>, path_user: &PathUser) -> Result<Outcome, GraphError> {
    options::only(context, &["$select"])?;
    let user = person::of(context, path_user)?;
    let store = context.service.store();
    let teams = store.directory.teams();
    let mut joined: Vec<_> = teams
        .filter(|team| user.as_ref().is_some_and(|user| team.members.has(user)))
        .collect();
    joined.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    let first = joined
        .first()
        .map(|team| team.render(&context.service.seed));
    let selected = first
        .map(|first| options::names(context, "$select", &options::members_of(&first)))
        .transpose()?
        .unwrap_or_default();
    let summaries = joined.iter().map(|team| team.summary());
    let value = summaries
        .map(|team| options::select(team, &selected))
        .collect();
    let body = options::collection(context, "teams", value);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// The whole team, or the members that `$select` names.
pub(crate) fn get(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$select"])?;
    let id = team_id(team)?;
    let (service, caller) = (context.service, &context.caller);
    let mut store = service.store();
    let team = store.directory.enter_team(&id, caller)?;
    let resource = team.render(&service.seed);
    let known: Vec<&str> = options::members_of(&resource);
    let selected = options::names(context, "$select", &known)?;
    let resource = options::select(resource.clone(), &selected);
    let body = options::entity(context, "teams", resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// The tags of a team: the seeded one has `Cooks`, of its first two members.
pub(crate) fn tags(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &[])?;
    let id = team_id(team)?;
    let (service, caller) = (context.service, &context.caller);
    service.store().directory.enter_team(&id, caller)?;
    let graph = &service.seed.graph;
    let value = if id == graph.team_id {
        let key = format!("{}##{id}##Cooks", graph.tenant_id);
        vec![json!({
            "@odata.type": "#microsoft.graph.teamworkTag",
            "id": STANDARD.encode(key),
            "teamId": id,
            "displayName": "Cooks",
            "description": "Who cooks",
            "memberCount": 2,
            "tagType": "standard",
        })]
    } else {
        Vec::new()
    };
    let body = options::collection(context, &format!("teams('{id}')/tags"), value);
    Ok(response::json(StatusCode::OK, body.to_string()))
}
