//! Users, teams, channels, chats and their members.

mod activity;
mod channels;
mod chat;
mod chat_list;
mod chats;
mod filter;
mod member;
mod members;
mod options;
mod permissions;
mod person;
mod pins;
mod routes;
mod store;
mod team;
mod teams;

use crate::engine::resources::Outcome;
use crate::services::graph::Place;
use crate::services::graph::context::Context;
use crate::services::graph::error::GraphError;

pub(crate) use permissions::of as permissions_of;
pub(crate) use routes::{Call, Feed, Group, Op, Whose, route};
pub(crate) use store::Store;

/// Answers an operation of the directory.
pub(crate) fn handle(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let whose = &call.whose;
    match &call.op {
        Op::ChatCreate => chats::create(context),
        Op::ChatList => chat_list::list(context, whose),
        Op::ChatGet(chat) => chats::get(context, whose, chat),
        Op::ChatUpdate(chat) => chats::update(context, chat),
        Op::MemberList(group) => members::list(context, whose, group),
        Op::MemberAdd(group) => members::add(context, group),
        Op::MemberGet(group, member) => members::get(context, whose, group, member),
        Op::MemberRemove(group, member) => members::remove(context, group, member),
        Op::PinList(chat) => pins::list(context, chat),
        Op::PinAdd(chat) => pins::add(context, chat),
        Op::PinRemove(chat, pin) => pins::remove(context, chat, pin),
        Op::TeamList => teams::joined(context, whose),
        Op::TeamGet(team) => teams::get(context, team),
        Op::TagList(team) => teams::tags(context, team),
        Op::ChannelList(team) | Op::ChannelListAll(team) => channels::list(context, team),
        Op::ChannelPrimary(team) => channels::primary(context, team),
        Op::ChannelCreate(team) => channels::create(context, team),
        Op::ChannelGet(team, channel) => channels::get(context, team, channel),
        Op::ChannelUpdate(team, channel) => channels::update(context, team, channel),
        Op::ChannelDelete(team, channel) => channels::delete(context, team, channel),
        Op::UserGet => person::get(context, whose),
        Op::Notify(feed) => activity::notify(context, whose, feed),
        Op::WriteUnderUser => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
    }
}

/// The place of a chat id of a form that the service issues.
fn chat_place(id: &str) -> Result<Place, GraphError> {
    let place = Place::Chat {
        chat: id.to_owned(),
    };
    place.well_formed()
}

/// Refuses a chat below a user who is not in it.
fn own_chat(context: &Context<'_>, whose: &Whose, place: &Place) -> Result<(), GraphError> {
    if *whose == Whose::Open {
        return Ok(());
    }
    let Some(owner) = person::of(context, whose)? else {
        return Ok(());
    };
    let state = context.shared.state();
    let chat = state.graph.directory.chat(place.conversation());
    let is_strict = context.shared.settings.is_strict;
    if chat.is_some_and(|chat| !chat.roll.has(&owner)) && (is_strict || !context.caller.is_user) {
        return Err(chats::no_chat());
    }
    Ok(())
}
