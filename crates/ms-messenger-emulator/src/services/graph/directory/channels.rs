//! Channels of teams.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{
            binding,
            member::{Member, Members},
            options,
            team::{Channel, Team},
        },
        error::GraphError,
        messages::validate,
        place::{Place, team_id},
        response,
        state::Graph,
    },
    wire::response::Response,
};

/// The published limit of channels in a team.
const MAX_CHANNELS: usize = 1000;
const MAX_NAME: usize = 50;

fn no_channel() -> GraphError {
    GraphError::not_found("NotFound")
}

fn metadata(team: &str) -> String {
    format!("teams('{team}')/channels")
}

/// The channels that the caller may see.
pub(crate) fn list(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$filter", "$select", "$expand"])?;
    let filter = options::filter(context)?;
    let expand = options::names(context, "$expand", &["members"])?;
    let id = team_id(team)?;
    let (service, caller) = (context.service, &context.caller);
    let mut store = service.store();
    let team = store.directory.enter_team(&id, caller)?;
    let is_seen = |c: &&Channel| !caller.is_user || team.members_of(c).has(&caller.id);
    let seen = team.channels().iter().filter(is_seen);
    let whole = seen.map(|channel| expanded(service, team, channel, &expand));
    let admits = |channel: &Value| filter.as_ref().is_none_or(|f| f.admits(channel));
    let found: Vec<Value> = whole.filter(admits).collect();
    let value = selected(context, found)?;
    let body = options::collection(context, &metadata(&id), value);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

fn expanded(service: &Graph, team: &Team, channel: &Channel, expand: &[&str]) -> Value {
    let mut resource = channel.render(&service.seed, &team.id);
    if !expand.is_empty() {
        let members = team.members_of(channel);
        resource["members"] = members.render(&service.seed, &channel.id).into();
    }
    resource
}

/// Each channel with what `$select` names.
fn selected(context: &Context<'_>, channels: Vec<Value>) -> Result<Vec<Value>, GraphError> {
    let Some(first) = channels.first().cloned() else {
        return Ok(channels);
    };
    let known = options::members_of(&first);
    let names = options::names(context, "$select", &known)?;
    let one = |channel| options::select(channel, &names);
    Ok(channels.into_iter().map(one).collect())
}

/// The channel `General`.
pub(crate) fn primary(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$filter", "$select", "$expand"])?;
    let id = team_id(team)?;
    let (service, caller) = (context.service, &context.caller);
    let mut store = service.store();
    let team = store.directory.enter_team(&id, caller)?;
    let channel = team.channels().first().ok_or_else(no_channel)?;
    one(context, team, channel)
}

/// One channel.
pub(crate) fn get(context: &Context<'_>, team: &str, id: &str) -> Result<Outcome, GraphError> {
    options::only(context, &["$filter", "$select", "$expand"])?;
    let place = place(team, id)?;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    directory.enter(&place, &context.caller)?;
    let team = directory.team(&team_id(team)?).ok_or_else(no_channel)?;
    let channel = team.channel(id).ok_or_else(no_channel)?;
    one(context, team, channel)
}

fn one(context: &Context<'_>, team: &Team, channel: &Channel) -> Result<Outcome, GraphError> {
    let expand = options::names(context, "$expand", &["members"])?;
    let resource = expanded(context.service, team, channel, &expand);
    let resource = selected(context, vec![resource])?.pop().unwrap_or_default();
    let body = options::entity(context, &metadata(&team.id), resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

fn place(team: &str, channel: &str) -> Result<Place, GraphError> {
    let place = Place::Channel {
        team: team.to_owned(),
        channel: channel.to_owned(),
    };
    place.well_formed()
}

/// Makes a channel.
pub(crate) fn create(context: &Context<'_>, team: &str) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let id = team_id(team)?;
    let (service, caller) = (context.service, &context.caller);
    if body.get("@microsoft.graph.channelCreationMode").is_some() {
        let message = "Channels in migration mode are not emulated.";
        return Err(GraphError::bad_request(message));
    }
    let name = name(&body["displayName"])?;
    let kind = match body["membershipType"].as_str() {
        None | Some("standard") => "standard",
        Some("private") => "private",
        Some("shared") => "shared",
        Some(_) => return Err(GraphError::invalid_body()),
    };
    let named = body["members"].as_array().map_or(&[][..], Vec::as_slice);
    let named = named
        .iter()
        .map(|body| binding::parse(service, body, false));
    let mut members: Vec<(String, Member)> = named.collect::<Result<_, _>>()?;
    if caller.is_user && !members.iter().any(|(user, _)| *user == caller.id) {
        members.push((caller.id.clone(), Member::owner()));
    }
    let new_id = format!("19:{}@thread.tacv2", service.engine.guid().simple());
    let mut channel = Channel::standard(&new_id, &name, service.engine.now_ms());
    channel.kind = kind;
    channel.description = description(&body)?;
    channel.is_favorite = body["isFavoriteByDefault"].as_bool();
    channel.layout = layout(&body)?.unwrap_or("post");
    if kind != "standard" {
        let mut members = Members::of(members);
        members.is_closed = true;
        channel.members = Some(members);
    }
    let mut store = service.store();
    let team = store.directory.enter_team(&id, caller)?;
    unused(team, &name, "")?;
    if team.channels().len() >= MAX_CHANNELS {
        let message = format!("A team has at most {MAX_CHANNELS} channels.");
        return Err(GraphError::bad_request(message));
    }
    let resource = channel.render(&service.seed, &id);
    team.add(channel);
    let body = options::entity(context, &metadata(&id), resource);
    Ok(response::json(StatusCode::CREATED, body.to_string()))
}

fn name(value: &Value) -> Result<String, GraphError> {
    let name = value.as_str().map(str::trim).unwrap_or_default();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        let message = format!("displayName must have from 1 to {MAX_NAME} characters.");
        return Err(GraphError::bad_request(message));
    }
    Ok(name.to_owned())
}

fn description(body: &Value) -> Result<Option<String>, GraphError> {
    match &body["description"] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(GraphError::invalid_body()),
    }
}

fn layout(body: &Value) -> Result<Option<&'static str>, GraphError> {
    match body.get("layoutType") {
        None | Some(Value::Null) => Ok(None),
        Some(layout) if layout == "post" => Ok(Some("post")),
        Some(layout) if layout == "chat" => Ok(Some("chat")),
        Some(_) => Err(GraphError::invalid_body()),
    }
}

/// Refuses a name that another channel than `id` has.
fn unused(team: &Team, name: &str, id: &str) -> Result<(), GraphError> {
    let is_same = |channel: &Channel| channel.name.eq_ignore_ascii_case(name) && channel.id != id;
    if team.channels().iter().any(is_same) {
        let message = "Channel name already existed, please use other name.";
        return Err(GraphError::bad_request(message));
    }
    Ok(())
}

/// Changes name, description, layout, or whether all members see it in the list.
pub(crate) fn update(context: &Context<'_>, team: &str, id: &str) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let renamed = body.get("displayName").map(name).transpose()?;
    let (description, layout) = (description(&body)?, layout(&body)?);
    let place = place(team, id)?;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    directory.enter(&place, &context.caller)?;
    let team = directory.team_mut(&team_id(team)?).ok_or_else(no_channel)?;
    if let Some(name) = &renamed {
        not_general(team, id)?;
        unused(team, name, id)?;
    }
    let channel = team.channel_mut(id).ok_or_else(no_channel)?;
    if let Some(name) = renamed {
        channel.name = name;
    }
    if body.get("description").is_some() {
        channel.description = description;
    }
    if let Some(is_favorite) = body["isFavoriteByDefault"].as_bool() {
        channel.is_favorite = Some(is_favorite);
    }
    channel.layout = layout.unwrap_or(channel.layout);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

fn not_general(team: &Team, id: &str) -> Result<(), GraphError> {
    if team.channels().first().is_some_and(|c| c.id == id) {
        let message = "The General channel cannot be renamed or deleted.";
        return Err(GraphError::bad_request(message));
    }
    Ok(())
}

/// Deletes a channel; its messages are not found any more.
pub(crate) fn delete(context: &Context<'_>, team: &str, id: &str) -> Result<Outcome, GraphError> {
    let place = place(team, id)?;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    directory.enter(&place, &context.caller)?;
    let team = directory.team_mut(&team_id(team)?).ok_or_else(no_channel)?;
    not_general(team, id)?;
    team.delete(id);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}
