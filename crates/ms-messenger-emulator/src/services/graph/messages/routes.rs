//! The operations on messages and their paths.

use http::Method;

use crate::{
    services::graph::{
        found::Found,
        messages::address::{Address, Via},
        place::Place,
    },
    wire::path::decode_segment,
};

/// An operation on messages with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    In(InPlace),
    Across(Across),
    Migrate(Migrate),
}

/// The start or the completion of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Migrate {
    pub(crate) scope: Scope,
    pub(crate) starts: bool,
}

/// What is migrated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Place(Place),
    /// All channels of a team.
    Team(String),
}

/// A read of all messages of a user or a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Across {
    pub(crate) all_of: AllOf,
    /// Whether only changes since a token are wanted.
    pub(crate) is_delta: bool,
}

/// What a read covers: all messages in the chats of a user, or those in the channels of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AllOf {
    UserChats(String),
    TeamChannels(String),
}

/// An operation on the messages of one channel or chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InPlace {
    pub(crate) op: Op,
    pub(crate) at: Address,
    /// The channel message whose replies are meant.
    pub(crate) root: Option<String>,
    /// The message that is meant, where it is one.
    pub(crate) message: Option<String>,
    /// The hosted content that is meant, where it is one.
    pub(crate) hosted: Option<String>,
}

/// What is done to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Send,
    Quote,
    List,
    Get,
    Update,
    SoftDelete,
    UndoSoftDelete,
    SetReaction,
    UnsetReaction,
    HostedList,
    HostedGet,
    HostedValue,
    Delta,
}

impl Op {
    /// The operation's name; some have another one for replies.
    const fn name(self, is_reply: bool) -> &'static str {
        match (self, is_reply) {
            (Self::Send, true) => "send.reply",
            (Self::Send, false) => "send",
            (Self::Quote, _) => "send.quote",
            (Self::List, false) => "list",
            (Self::List, true) => "list.replies",
            (Self::Get, false) => "get",
            (Self::Get, true) => "get.reply",
            (Self::Update, _) => "update",
            (Self::SoftDelete, _) => "delete.soft",
            (Self::UndoSoftDelete, _) => "delete.undo",
            (Self::SetReaction, _) => "reaction.set",
            (Self::UnsetReaction, _) => "reaction.unset",
            (Self::HostedList, _) => "hosted.list",
            (Self::HostedGet, _) => "hosted.get",
            (Self::HostedValue, _) => "hosted.value",
            (Self::Delta, _) => "delta",
        }
    }

    /// Whether the operation changes something.
    pub(crate) const fn is_write(self) -> bool {
        !matches!(
            self,
            Self::List
                | Self::Get
                | Self::HostedList
                | Self::HostedGet
                | Self::HostedValue
                | Self::Delta
        )
    }
}

/// Routes what ends in the messages of a channel or a chat.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let (at, rest) = match raw {
        [
            "chats",
            chat,
            verb @ ("startMigration" | "completeMigration"),
        ] => {
            let place = decode_segment(chat).map(|chat| Place::Chat { chat });
            return Some(migrate(method, place.map(Scope::Place), verb));
        }
        [
            "teams",
            team,
            "channels",
            channel,
            verb @ ("startMigration" | "completeMigration"),
        ] => {
            let ids = decode_segment(team).zip(decode_segment(channel));
            let place = ids.map(|(team, channel)| Place::Channel { team, channel });
            return Some(migrate(method, place.map(Scope::Place), verb));
        }
        ["teams", team, "completeMigration"] => {
            let scope = decode_segment(team).map(Scope::Team);
            return Some(migrate(method, scope, "completeMigration"));
        }
        ["chats", chat, "messages", rest @ ..] => (in_chat(Via::Direct, chat), rest),
        ["me", "chats", chat, "messages", rest @ ..] => (in_chat(Via::Me, chat), rest),
        ["users", user, "chats", chat, "messages", rest @ ..] => {
            let via = decode_segment(user).map(Via::User);
            (via.and_then(|via| in_chat(via, chat)), rest)
        }
        ["users", user, "chats", "getAllMessages", rest @ ..] => {
            return across(method, decode_segment(user).map(AllOf::UserChats), rest);
        }
        ["teams", team, "channels", "getAllMessages", rest @ ..] => {
            return across(method, decode_segment(team).map(AllOf::TeamChannels), rest);
        }
        ["teams", team, "channels", channel, "messages", rest @ ..] => {
            let ids = decode_segment(team).zip(decode_segment(channel));
            let at = |(team, channel)| Address {
                via: Via::Direct,
                place: Place::Channel { team, channel },
            };
            (ids.map(at), rest)
        }
        _ => return None,
    };
    // An id that cannot be read is not the same as a path that does not exist.
    let is_channel = raw.first() == Some(&"teams");
    let target = target(method, rest, is_channel)?;
    let Some(op) = target.op else {
        return Some((target.allowed, None));
    };
    let name = op.name(target.root.is_some());
    Some((target.allowed, Some((name, call(op, at, &target)))))
}

/// Routes `getAllMessages`; only chats have its delta query.
fn across(method: &Method, all_of: Option<AllOf>, rest: &[&str]) -> Option<Found<Call>> {
    let is_delta = match rest {
        [] => false,
        ["delta" | "delta()"] => true,
        _ => return None,
    };
    if is_delta && matches!(all_of, Some(AllOf::TeamChannels(_))) {
        return None;
    }
    let name = if is_delta { "delta.all" } else { "list.all" };
    let found = (*method == Method::GET).then(|| {
        let call = all_of.map(|all_of| Call::Across(Across { all_of, is_delta }));
        (name, call)
    });
    Some(("GET", found))
}

fn migrate(method: &Method, scope: Option<Scope>, verb: &str) -> Found<Call> {
    let starts = verb == "startMigration";
    let name = if starts {
        "migration.start"
    } else {
        "migration.complete"
    };
    let call = scope.map(|scope| Call::Migrate(Migrate { scope, starts }));
    ("POST", (*method == Method::POST).then_some((name, call)))
}

fn in_chat(via: Via, raw: &str) -> Option<Address> {
    let place = decode_segment(raw).map(|chat| Place::Chat { chat })?;
    Some(Address { via, place })
}

/// What is behind `/messages`; `op` is `None` for another method.
struct Target<'a> {
    allowed: &'static str,
    op: Option<Op>,
    root: Option<&'a str>,
    message: Option<&'a str>,
    hosted: Option<&'a str>,
}

fn target<'a>(method: &Method, rest: &[&'a str], is_channel: bool) -> Option<Target<'a>> {
    let of = |allowed, op| Target {
        allowed,
        op,
        root: None,
        message: None,
        hosted: None,
    };
    match rest {
        [] => Some(of("GET, POST", either(method, Op::List, Op::Send))),
        ["delta" | "delta()"] => Some(of("GET", on(method, &Method::GET, Op::Delta))),
        ["replyWithQuote"] if !is_channel => Some(of("POST", on(method, &Method::POST, Op::Quote))),
        [root, "replies"] if is_channel => Some(Target {
            root: Some(root),
            ..of("GET, POST", either(method, Op::List, Op::Send))
        }),
        [root, "replies", reply, rest @ ..] if is_channel => {
            let found = of_message(method, reply, rest)?;
            Some(Target {
                root: Some(root),
                ..found
            })
        }
        [message, rest @ ..] => of_message(method, message, rest),
    }
}

/// What is behind the id of a message or a reply.
fn of_message<'a>(method: &Method, message: &'a str, rest: &[&'a str]) -> Option<Target<'a>> {
    let post = |op| ("POST", on(method, &Method::POST, op), None);
    let get = |op| on(method, &Method::GET, op);
    let (allowed, op, hosted) = match rest {
        [] => {
            let update = on(method, &Method::PATCH, Op::Update);
            ("GET, PATCH", update.or(get(Op::Get)), None)
        }
        ["softDelete"] => post(Op::SoftDelete),
        ["undoSoftDelete"] => post(Op::UndoSoftDelete),
        ["setReaction"] => post(Op::SetReaction),
        ["unsetReaction"] => post(Op::UnsetReaction),
        ["hostedContents"] => ("GET", get(Op::HostedList), None),
        ["hostedContents", hosted] => ("GET", get(Op::HostedGet), Some(*hosted)),
        ["hostedContents", hosted, "$value" | "%24value"] => {
            ("GET", get(Op::HostedValue), Some(*hosted))
        }
        _ => return None,
    };
    Some(Target {
        allowed,
        op,
        root: None,
        message: Some(message),
        hosted,
    })
}

fn on(method: &Method, wanted: &Method, op: Op) -> Option<Op> {
    (method == wanted).then_some(op)
}

fn either(method: &Method, get: Op, post: Op) -> Option<Op> {
    on(method, &Method::GET, get).or_else(|| on(method, &Method::POST, post))
}

/// The call, when all of its ids can be read.
fn call(op: Op, at: Option<Address>, target: &Target<'_>) -> Option<Call> {
    let id = |raw: Option<&str>| match raw {
        None => Some(None),
        Some(raw) => decode_segment(raw).map(Some),
    };
    Some(Call::In(InPlace {
        op,
        at: at?,
        root: id(target.root)?,
        message: id(target.message)?,
        hosted: id(target.hosted)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &Method, path: &str) -> Option<&'static str> {
        let raw: Vec<&str> = path.split('/').collect();
        let (_, found) = route(method, &raw)?;
        found
            .filter(|(_, call)| call.is_some())
            .map(|(name, _)| name)
    }

    #[test]
    fn every_operation_has_its_name() {
        for (method, path, expected) in [
            (Method::PATCH, "teams/T/channels/C/messages/1", "update"),
            (
                Method::PATCH,
                "teams/T/channels/C/messages/1/replies/2",
                "update",
            ),
            (
                Method::POST,
                "users/U/chats/C/messages/1/softDelete",
                "delete.soft",
            ),
            (
                Method::POST,
                "teams/T/channels/C/messages/1/replies/2/undoSoftDelete",
                "delete.undo",
            ),
            (
                Method::POST,
                "chats/C/messages/1/setReaction",
                "reaction.set",
            ),
            (
                Method::POST,
                "teams/T/channels/C/messages/1/replies/2/unsetReaction",
                "reaction.unset",
            ),
            (
                Method::GET,
                "me/chats/C/messages/1/hostedContents",
                "hosted.list",
            ),
            (
                Method::GET,
                "chats/C/messages/1/hostedContents/a%3D",
                "hosted.get",
            ),
            (
                Method::GET,
                "chats/C/messages/1/hostedContents/a=/$value",
                "hosted.value",
            ),
            (Method::GET, "teams/T/channels/C/messages/delta()", "delta"),
            (Method::GET, "users/U/chats/getAllMessages", "list.all"),
            (
                Method::GET,
                "users/U/chats/getAllMessages/delta",
                "delta.all",
            ),
            (Method::GET, "teams/T/channels/getAllMessages", "list.all"),
            (Method::POST, "chats/C/startMigration", "migration.start"),
            (
                Method::POST,
                "teams/T/completeMigration",
                "migration.complete",
            ),
        ] {
            assert_eq!(name(&method, path), Some(expected), "{method} {path}");
            assert!(
                crate::services::graph::routes::OPERATIONS.contains(&expected),
                "{expected}"
            );
        }
        for path in [
            "chats/C/messages/1/replies",
            "teams/T/channels/C/messages/replyWithQuote/x",
            "teams/T/channels/getAllMessages/delta",
            "chats/C/messages/1/hostedContents/a/b",
        ] {
            assert_eq!(name(&Method::GET, path), None, "{path}");
        }
    }
}
