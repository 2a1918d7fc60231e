//! The members of chats, teams and channels.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        context::Context,
        directory::{
            binding, chats,
            member::{self, Members},
            options,
            own_chat::own_chat,
            routes::{Group, PathUser},
            store::Store,
        },
        error::GraphError,
        messages::validate,
        place::{self, Place, encoded},
        response,
    },
    wire::response::Response,
};

/// A chat, team or channel whose ids are in their one spelling.
enum Named {
    Place(Place),
    Team(String),
}

impl Named {
    fn of(group: &Group) -> Result<Self, GraphError> {
        let place = match group {
            Group::Team(team) => return Ok(Self::Team(place::team_id(team)?)),
            Group::Chat(chat) => Place::Chat { chat: chat.clone() },
            Group::Channel(team, channel) => Place::Channel {
                team: team.clone(),
                channel: channel.clone(),
            },
        };
        Ok(Self::Place(place.well_formed()?))
    }

    /// The id that membership ids are made of.
    fn id(&self) -> &str {
        match self {
            Self::Place(place) => place.conversation(),
            Self::Team(team) => team,
        }
    }

    fn context(&self) -> String {
        match self {
            Self::Place(place) => format!("{}/members", place.context()),
            Self::Team(team) => format!("teams('{}')/members", encoded(team)),
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Place(place) => place.path(),
            Self::Team(team) => format!("teams/{team}"),
        }
    }

    fn enter(&self, context: &Context<'_>, directory: &mut Store) -> Result<(), GraphError> {
        let caller = &context.caller;
        match self {
            Self::Place(place) => directory.enter(place, caller),
            Self::Team(team) => directory.enter_team(team, caller).map(|_| ()),
        }
    }

    fn members<'a>(&self, directory: &'a Store) -> Option<&'a Members> {
        match self {
            Self::Place(Place::Chat { chat }) => Some(&directory.chat(chat)?.members),
            Self::Place(Place::Channel { team, channel }) => {
                let team = directory.team(team)?;
                Some(team.members_of(team.channel(channel)?))
            }
            Self::Team(team) => Some(&directory.team(team)?.members),
        }
    }

    /// The members where they can be changed: not in a chat of two, nor in a standard channel.
    fn members_mut<'a>(&self, directory: &'a mut Store) -> Result<&'a mut Members, GraphError> {
        let found = match self {
            Self::Place(Place::Chat { chat }) => {
                let chat = directory.chat_mut(chat).ok_or_else(chats::no_chat)?;
                if chat.kind == "oneOnOne" {
                    let message = "Members of a oneOnOne chat cannot be changed.";
                    return Err(GraphError::bad_request(message));
                }
                return Ok(&mut chat.members);
            }
            Self::Place(Place::Channel { team, channel }) => {
                let channel = directory
                    .team_mut(team)
                    .and_then(|t| t.channel_mut(channel));
                let channel = channel.ok_or_else(chats::no_chat)?;
                let message = "Members of a standard channel are those of its team.";
                return channel
                    .members
                    .as_mut()
                    .ok_or_else(|| GraphError::bad_request(message));
            }
            Self::Team(team) => directory.team_mut(team),
        };
        Ok(&mut found.ok_or_else(chats::no_chat)?.members)
    }

    /// Notes that the members of a chat changed.
    fn touch(&self, directory: &mut Store, now: u64) {
        let chat = match self {
            Self::Place(Place::Chat { chat }) => directory.chat_mut(chat),
            _ => None,
        };
        if let Some(chat) = chat {
            chat.updated = now;
        }
    }

    const fn is_chat(&self) -> bool {
        matches!(self, Self::Place(Place::Chat { .. }))
    }
}

/// All members.
pub(crate) fn list(
    context: &Context<'_>,
    path_user: &PathUser,
    group: &Group,
) -> Result<Outcome, GraphError> {
    let named = Named::of(group)?;
    let known: &[&str] = if named.is_chat() {
        &[]
    } else {
        &["$filter", "$select"]
    };
    options::only(context, known)?;
    let filter = options::filter(context)?;
    let selected = options::names(context, "$select", &SELECTABLE)?;
    if let Named::Place(place) = &named {
        own_chat(context, path_user, place)?;
    }
    let mut store = context.service.store();
    let directory = &mut store.directory;
    named.enter(context, directory)?;
    let members = named.members(directory).ok_or_else(chats::no_chat)?;
    let members = members
        .render(&context.service.seed, named.id())
        .into_iter();
    let members = members.filter(|member| filter.as_ref().is_none_or(|f| f.admits(member)));
    let members = members.map(|member| options::select(member, &selected));
    let body = options::collection(context, &named.context(), members.collect());
    Ok(response::json(StatusCode::OK, body.to_string()))
}

const SELECTABLE: [&str; 7] = [
    "id",
    "roles",
    "displayName",
    "visibleHistoryStartDateTime",
    "userId",
    "email",
    "tenantId",
];

/// One member.
pub(crate) fn get(
    context: &Context<'_>,
    path_user: &PathUser,
    group: &Group,
    id: &str,
) -> Result<Outcome, GraphError> {
    options::only(context, &[])?;
    let named = Named::of(group)?;
    if let Named::Place(place) = &named {
        own_chat(context, path_user, place)?;
    }
    let seed = &context.service.seed;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    named.enter(context, directory)?;
    let members = named.members(directory).ok_or_else(chats::no_chat)?;
    let (user, found) = members.by_id(seed, named.id(), id).ok_or_else(no_member)?;
    let resource = member::render(seed, named.id(), user, found);
    let body = options::entity(context, &named.context(), resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

fn no_member() -> GraphError {
    GraphError::not_found("The member does not exist.")
}

/// Adds a member: 201 with its place, and for teams and channels with itself.
pub(crate) fn add(context: &Context<'_>, group: &Group) -> Result<Outcome, GraphError> {
    let body = validate::body(context.request)?;
    let named = Named::of(group)?;
    let (user, new) = binding::parse(context.service, &body, named.is_chat())?;
    let seed = &context.service.seed;
    {
        let mut store = context.service.store();
        let directory = &mut store.directory;
        named.enter(context, directory)?;
        owners_only(context, &named, directory)?;
        if let Named::Place(Place::Channel { team, .. }) = &named {
            let is_in_team = directory
                .team(team)
                .is_some_and(|team| team.members.has(&user));
            if !is_in_team {
                let message = "Members of a channel must be members of its team.";
                return Err(GraphError::bad_request(message));
            }
        }
        let members = named.members_mut(directory)?;
        if members.has(&user) {
            let message = "The user is a member already.";
            return Err(GraphError::of_status(StatusCode::CONFLICT, message));
        }
        if named.is_chat() && members.len() >= chats::MAX_MEMBERS {
            let message = format!("A chat has at most {} members.", chats::MAX_MEMBERS);
            return Err(GraphError::bad_request(message));
        }
        members.add(user.clone(), new.clone());
        named.touch(directory, context.service.engine.now_ms());
    }
    let id = member::membership_id(seed, named.id(), &user);
    let response = if named.is_chat() {
        Response::empty(StatusCode::CREATED)
    } else {
        let resource: Value = member::render(seed, named.id(), &user, &new);
        let body = options::entity(context, &named.context(), resource);
        Response::bytes(StatusCode::CREATED, response::JSON, body.to_string().into())
    };
    let response = response.with_header("location", &format!("/{}/members/{id}", named.path()));
    Ok(Outcome::new(response, false))
}

/// Removes a member, or the caller itself.
pub(crate) fn remove(
    context: &Context<'_>,
    group: &Group,
    id: &str,
) -> Result<Outcome, GraphError> {
    let named = Named::of(group)?;
    let seed = &context.service.seed;
    let mut store = context.service.store();
    let directory = &mut store.directory;
    named.enter(context, directory)?;
    let members = named.members(directory).ok_or_else(chats::no_chat)?;
    let found = members.by_id(seed, named.id(), id);
    let user = found.map(|(user, _)| user.to_owned());
    let user = user.ok_or_else(no_member)?;
    if user != context.caller.id {
        owners_only(context, &named, directory)?;
    }
    named.members_mut(directory)?.remove(&user);
    named.touch(directory, context.service.engine.now_ms());
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// In teams and channels, users that are not owners change only their own membership.
fn owners_only(context: &Context<'_>, named: &Named, directory: &Store) -> Result<(), GraphError> {
    let caller = &context.caller;
    let mut members = named.members(directory).into_iter().flat_map(Members::iter);
    let is_owner = members.any(|(user, member)| user == caller.id && member.role == Some("owner"));
    if named.is_chat() || !caller.is_user || is_owner {
        return Ok(());
    }
    Err(GraphError::forbidden("Only owners change the members."))
}
