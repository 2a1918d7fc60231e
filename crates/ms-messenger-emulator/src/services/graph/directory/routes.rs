//! The operations of the directory and their paths.

use http::Method;

use crate::{services::graph::found::Found, wire::path::decode_segment};

/// An operation of the directory, and the user in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) path_user: PathUser,
    pub(crate) op: Op,
}

/// The user at the start of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathUser {
    /// No user: `/chats`, `/teams`.
    Open,
    /// `/me`.
    Me,
    /// `/users/{id or principal name}`.
    User(String),
}

/// What has members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Chat(String),
    Team(String),
    Channel(String, String),
}

/// What is done in the directory, with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    ChatCreate,
    ChatList,
    ChatGet(String),
    ChatUpdate(String),
    MemberList(Group),
    MemberAdd(Group),
    MemberGet(Group, String),
    MemberRemove(Group, String),
    PinList(String),
    PinAdd(String),
    PinRemove(String, String),
    TeamList,
    TeamGet(String),
    ChannelList(String),
    /// Also those of other teams that are shared with this one.
    ChannelListAll(String),
    ChannelPrimary(String),
    ChannelCreate(String),
    ChannelGet(String, String),
    ChannelUpdate(String, String),
    ChannelDelete(String, String),
    TagList(String),
    UserGet,
    UserList,
    Notify(Feed),
    /// A write below a user, which Graph refuses.
    WriteUnderUser,
}

/// The user or users to notify by the activity feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    User,
    Chat(String),
    Team(String),
    /// All recipients that the body names.
    Recipients,
}

impl Op {
    /// The operation's name.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::ChatCreate => "chat.create",
            Self::ChatList => "chat.list",
            Self::ChatGet(_) => "chat.get",
            Self::ChatUpdate(_) => "chat.update",
            Self::MemberList(_) => "members.list",
            Self::MemberAdd(_) | Self::WriteUnderUser => "members.add",
            Self::MemberGet(..) => "members.get",
            Self::MemberRemove(..) => "members.remove",
            Self::PinList(_) => "pins.list",
            Self::PinAdd(_) => "pins.add",
            Self::PinRemove(..) => "pins.remove",
            Self::TeamList => "team.list",
            Self::TeamGet(_) => "team.get",
            Self::ChannelList(_) | Self::ChannelListAll(_) => "channel.list",
            Self::ChannelPrimary(_) | Self::ChannelGet(..) => "channel.get",
            Self::ChannelCreate(_) => "channel.create",
            Self::ChannelUpdate(..) => "channel.update",
            Self::ChannelDelete(..) => "channel.delete",
            Self::TagList(_) => "tags.list",
            Self::UserGet => "user.get",
            Self::UserList => "user.list",
            Self::Notify(_) => "notify",
        }
    }
}

/// The methods that a path takes, and what the called one does; `None` for one with bad ids.
type Table = (&'static str, Option<Option<Op>>);

/// Routes what ends in a user, a team, a channel, a chat or their members.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let (path_user, rest) = match raw {
        ["me", rest @ ..] => (Some(PathUser::Me), rest),
        ["users"] => (Some(PathUser::Open), raw),
        ["users", user, rest @ ..] => (decode_segment(user).map(PathUser::User), rest),
        rest => (Some(PathUser::Open), rest),
    };
    let is_open = path_user == Some(PathUser::Open);
    let (allowed, op) = match rest {
        [] if !is_open => on(method, &[("GET", Some(Op::UserGet))]),
        ["users"] if is_open => on(method, &[("GET", Some(Op::UserList))]),
        ["joinedTeams"] if !is_open => on(method, &[("GET", Some(Op::TeamList))]),
        ["teamwork", "sendActivityNotification"] if !is_open => post(method, Feed::User),
        ["chats"] if is_open => on(
            method,
            &[("GET", Some(Op::ChatList)), ("POST", Some(Op::ChatCreate))],
        ),
        ["chats"] => on(method, &[("GET", Some(Op::ChatList))]),
        ["chats", chat, rest @ ..] => {
            let chat = decode_segment(chat);
            if is_open {
                chat_of(method, chat.as_ref(), rest)?
            } else {
                read_of(method, chat.as_ref(), rest)?
            }
        }
        ["teams", team, rest @ ..] if is_open => {
            of_team(method, decode_segment(team).as_ref(), rest)?
        }
        ["teamwork", "sendActivityNotificationToRecipients"] if is_open => {
            post(method, Feed::Recipients)
        }
        _ => return None,
    };
    let found = op.map(|op| {
        let name = op.as_ref().map_or("", Op::name);
        (
            name,
            op.zip(path_user)
                .map(|(op, path_user)| Call { path_user, op }),
        )
    });
    Some((allowed, found))
}

/// The row of `choices` that has the method; the `Allow` header has them all.
fn on(method: &Method, choices: &[(&str, Option<Op>)]) -> Table {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let allowed = match names.as_slice() {
        ["GET"] => "GET",
        ["POST"] => "POST",
        ["DELETE"] => "DELETE",
        ["GET", "POST"] => "GET, POST",
        ["GET", "PATCH"] => "GET, PATCH",
        ["GET", "DELETE"] => "GET, DELETE",
        _ => "GET, PATCH, DELETE",
    };
    let choice = choices.iter().find(|(name, _)| method == *name);
    (allowed, choice.map(|(_, op)| op.clone()))
}

fn post(method: &Method, feed: Feed) -> Table {
    on(method, &[("POST", Some(Op::Notify(feed)))])
}

/// `/chats/{chat}/…`.
fn chat_of(method: &Method, chat: Option<&String>, rest: &[&str]) -> Option<Table> {
    let with = |op: fn(String) -> Op| chat.cloned().map(op);
    Some(match rest {
        [] => on(
            method,
            &[("GET", with(Op::ChatGet)), ("PATCH", with(Op::ChatUpdate))],
        ),
        ["members", rest @ ..] => members(method, chat.cloned().map(Group::Chat), rest)?,
        ["pinnedMessages"] => on(
            method,
            &[("GET", with(Op::PinList)), ("POST", with(Op::PinAdd))],
        ),
        ["pinnedMessages", pin] => {
            let op = chat.cloned().zip(decode_segment(pin));
            let op = op.map(|(chat, pin)| Op::PinRemove(chat, pin));
            on(method, &[("DELETE", op)])
        }
        ["sendActivityNotification"] => {
            let op = chat.cloned().map(|chat| Op::Notify(Feed::Chat(chat)));
            on(method, &[("POST", op)])
        }
        _ => return None,
    })
}

/// `/me/chats/{chat}/…`: read here, written below `/chats`.
fn read_of(method: &Method, chat: Option<&String>, rest: &[&str]) -> Option<Table> {
    let refused = ("POST", Some(Op::WriteUnderUser));
    Some(match rest {
        [] => on(method, &[("GET", chat.cloned().map(Op::ChatGet))]),
        ["members"] => {
            let op = chat.cloned().map(|chat| Op::MemberList(Group::Chat(chat)));
            on(method, &[("GET", op), refused])
        }
        ["members", member] => {
            let ids = chat.cloned().zip(decode_segment(member));
            let op = ids.map(|(chat, member)| Op::MemberGet(Group::Chat(chat), member));
            on(method, &[("GET", op)])
        }
        _ => return None,
    })
}

/// `…/members[/{member}]`.
fn members(method: &Method, group: Option<Group>, rest: &[&str]) -> Option<Table> {
    let both = |op: fn(Group, String) -> Op, member: &str| {
        let ids = group.clone().zip(decode_segment(member));
        ids.map(|(group, member)| op(group, member))
    };
    Some(match rest {
        [] => on(
            method,
            &[
                ("GET", group.clone().map(Op::MemberList)),
                ("POST", group.clone().map(Op::MemberAdd)),
            ],
        ),
        [member] => on(
            method,
            &[
                ("GET", both(Op::MemberGet, member)),
                ("DELETE", both(Op::MemberRemove, member)),
            ],
        ),
        _ => return None,
    })
}

/// `/teams/{team}/…`.
fn of_team(method: &Method, team: Option<&String>, rest: &[&str]) -> Option<Table> {
    let with = |op: fn(String) -> Op| team.cloned().map(op);
    Some(match rest {
        [] => on(method, &[("GET", with(Op::TeamGet))]),
        ["members", rest @ ..] => members(method, team.cloned().map(Group::Team), rest)?,
        ["tags"] => on(method, &[("GET", with(Op::TagList))]),
        ["allChannels"] => on(method, &[("GET", with(Op::ChannelListAll))]),
        ["primaryChannel"] => on(method, &[("GET", with(Op::ChannelPrimary))]),
        ["channels"] => on(
            method,
            &[
                ("GET", with(Op::ChannelList)),
                ("POST", with(Op::ChannelCreate)),
            ],
        ),
        ["channels", channel, rest @ ..] => {
            let ids = team.cloned().zip(decode_segment(channel));
            let with = |op: fn(String, String) -> Op| ids.clone().map(|(t, c)| op(t, c));
            match rest {
                [] => on(
                    method,
                    &[
                        ("GET", with(Op::ChannelGet)),
                        ("PATCH", with(Op::ChannelUpdate)),
                        ("DELETE", with(Op::ChannelDelete)),
                    ],
                ),
                ["members", rest @ ..] => {
                    let group = ids.map(|(team, channel)| Group::Channel(team, channel));
                    members(method, group, rest)?
                }
                _ => return None,
            }
        }
        ["sendActivityNotification"] => {
            let op = team.cloned().map(|team| Op::Notify(Feed::Team(team)));
            on(method, &[("POST", op)])
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::graph::routes::OPERATIONS;

    fn found(method: &str, path: &str) -> Option<(&'static str, Option<&'static str>)> {
        let raw: Vec<&str> = path.split('/').collect();
        let method: Method = method.parse().ok()?;
        let (allowed, found) = route(&method, &raw)?;
        Some((allowed, found.map(|(name, _)| name)))
    }

    #[test]
    fn every_operation_has_its_path_and_a_known_name() {
        for (method, path, name) in [
            ("POST", "chats", "chat.create"),
            ("GET", "me/chats", "chat.list"),
            ("GET", "users/U/chats/C", "chat.get"),
            ("PATCH", "chats/C", "chat.update"),
            ("GET", "me/chats/C/members", "members.list"),
            ("GET", "teams/T/members/M", "members.get"),
            ("POST", "teams/T/channels/C/members", "members.add"),
            ("DELETE", "chats/C/members/M", "members.remove"),
            ("GET", "chats/C/pinnedMessages", "pins.list"),
            ("POST", "chats/C/pinnedMessages", "pins.add"),
            ("DELETE", "chats/C/pinnedMessages/P", "pins.remove"),
            ("GET", "users/U/joinedTeams", "team.list"),
            ("GET", "teams/T", "team.get"),
            ("GET", "teams/T/allChannels", "channel.list"),
            ("GET", "teams/T/primaryChannel", "channel.get"),
            ("POST", "teams/T/channels", "channel.create"),
            ("PATCH", "teams/T/channels/C", "channel.update"),
            ("DELETE", "teams/T/channels/C", "channel.delete"),
            ("GET", "teams/T/tags", "tags.list"),
            ("GET", "me", "user.get"),
            ("POST", "me/teamwork/sendActivityNotification", "notify"),
        ] {
            let name_found = found(method, path).and_then(|(_, name)| name);
            assert_eq!(name_found, Some(name), "{method} {path}");
            assert!(OPERATIONS.contains(&name), "{name}");
        }
    }

    #[test]
    fn other_methods_get_the_supported_ones() {
        for (path, allowed) in [
            ("chats", "GET, POST"),
            ("me/chats", "GET"),
            ("chats/C", "GET, PATCH"),
            ("chats/C/members/M", "GET, DELETE"),
            ("chats/C/pinnedMessages/P", "DELETE"),
            ("teams/T/channels/C", "GET, PATCH, DELETE"),
            ("teamwork/sendActivityNotificationToRecipients", "POST"),
        ] {
            assert_eq!(found("PUT", path), Some((allowed, None)), "{path}");
        }
        for path in [
            "",
            "teams",
            "planets",
            "me/teams",
            "chats/C/tabs",
            "users/U/teams/T",
        ] {
            assert_eq!(found("GET", path), None, "{path}");
        }
    }
}
