//! Teams and their tags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use crate::engine::resources::Outcome;
use crate::services::graph;
use crate::services::graph::context::Context;
use crate::services::graph::directory::{Whose, options, person};
use crate::services::graph::error::GraphError;
use crate::services::graph::place::team_id;

/// The teams of a user: id, name and description only.
pub(crate) fn joined(context: &Context<'_>, whose: &Whose) -> Result<Outcome, GraphError> {
    options::only(context, &[])?;
    let user = person::of(context, whose)?;
    let state = context.shared.state();
    let teams = state.graph.directory.teams();
    let mut joined: Vec<_> = teams
        .filter(|team| user.as_ref().is_some_and(|user| team.roll.has(user)))
        .collect();
    joined.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    let value = joined.iter().map(|team| team.summary()).collect();
    let body = options::collection(context, "teams", value);
    Ok(graph::json(StatusCode::OK, body.to_string()))
}

/// The whole team, or the members that `$select` names.
pub(crate) fn get(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$select"])?;
    let id = team_id(team)?;
    let (shared, caller) = (context.shared, &context.caller);
    let mut state = shared.state();
    let team = state.graph.directory.enter_team(shared, &id, caller)?;
    let resource = team.render(&shared.seed);
    let known: Vec<&str> = options::members_of(&resource);
    let selected = options::names(context, "$select", &known)?;
    let resource = options::select(resource.clone(), &selected);
    let body = options::entity(context, "teams", resource);
    Ok(graph::json(StatusCode::OK, body.to_string()))
}

/// The tags of a team: the seeded one has `Cooks`, of its first two members.
pub(crate) fn tags(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &[])?;
    let id = team_id(team)?;
    let (shared, caller) = (context.shared, &context.caller);
    shared
        .state()
        .graph
        .directory
        .enter_team(shared, &id, caller)?;
    let graph = &shared.seed.graph;
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
    Ok(graph::json(StatusCode::OK, body.to_string()))
}
