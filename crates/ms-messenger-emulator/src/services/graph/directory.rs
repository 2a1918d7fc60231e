//! Users, teams, channels, chats and their members.

pub(crate) mod activity;
pub(crate) mod binding;
pub(crate) mod channels;
pub(crate) mod chat;
pub(crate) mod chat_list;
pub(crate) mod chats;
pub(crate) mod filter;
pub(crate) mod member;
pub(crate) mod members;
pub(crate) mod migrated;
pub(crate) mod options;
pub(crate) mod own_chat;
pub(crate) mod people;
pub(crate) mod permissions;
pub(crate) mod person;
pub(crate) mod pins;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod team;
pub(crate) mod teams;

use crate::{
    engine::outcome::Outcome,
    services::graph::{context::Context, error::GraphError},
};
pub(crate) use routes::{Call, Op, route};

/// Carries out an operation of the directory.
pub(crate) fn handle(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let path_user = &call.path_user;
    match &call.op {
        Op::ChatCreate => chats::create(context),
        Op::ChatList => chat_list::list(context, path_user),
        Op::ChatGet(chat) => chats::get(context, path_user, chat),
        Op::ChatUpdate(chat) => chats::update(context, chat),
        Op::MemberList(group) => members::list(context, path_user, group),
        Op::MemberAdd(group) => members::add(context, group),
        Op::MemberGet(group, member) => members::get(context, path_user, group, member),
        Op::MemberRemove(group, member) => members::remove(context, group, member),
        Op::PinList(chat) => pins::list(context, chat),
        Op::PinAdd(chat) => pins::add(context, chat),
        Op::PinRemove(chat, pin) => pins::remove(context, chat, pin),
        Op::TeamList => teams::joined(context, path_user),
        Op::TeamGet(team) => teams::get(context, team),
        Op::TagList(team) => teams::tags(context, team),
        Op::ChannelList(team) | Op::ChannelListAll(team) => channels::list(context, team),
        Op::ChannelPrimary(team) => channels::primary(context, team),
        Op::ChannelCreate(team) => channels::create(context, team),
        Op::ChannelGet(team, channel) => channels::get(context, team, channel),
        Op::ChannelUpdate(team, channel) => channels::update(context, team, channel),
        Op::ChannelDelete(team, channel) => channels::delete(context, team, channel),
        Op::UserGet => person::get(context, path_user),
        Op::UserList => people::list(context),
        Op::Notify(feed) => activity::notify(context, path_user, feed),
        Op::WriteUnderUser => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
    }
}
