//! The operations of Graph and their paths.

use std::fmt;

use http::Method;

use crate::engine::platform::Platform;
use crate::engine::registry::{self, Routed, pick};
use crate::services::graph::{directory, messages};

/// The names of the operations.
pub(crate) const OPERATIONS: [&str; 42] = [
    "send",
    "send.reply",
    "send.quote",
    "list",
    "list.replies",
    "get",
    "get.reply",
    "update",
    "delete.soft",
    "delete.undo",
    "reaction.set",
    "reaction.unset",
    "hosted.list",
    "hosted.get",
    "hosted.value",
    "delta",
    "delta.all",
    "list.all",
    "migration.start",
    "migration.complete",
    "chat.create",
    "chat.list",
    "chat.get",
    "chat.update",
    "members.list",
    "members.get",
    "members.add",
    "members.remove",
    "pins.list",
    "pins.add",
    "pins.remove",
    "team.list",
    "team.get",
    "channel.list",
    "channel.get",
    "channel.create",
    "channel.update",
    "channel.delete",
    "tags.list",
    "user.get",
    "notify",
    "batch",
];

/// The version of Graph that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        })
    }
}

/// An operation with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) version: Version,
    pub(crate) op: Op,
}

/// What Graph does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Messages(messages::Call),
    Directory(directory::Call),
    /// Several of the others in one request.
    Batch,
}

/// What a path leads to: the methods that it takes, and the operation found for the method (its
/// name, and its call when the ids can be read).
pub(crate) type Found<C> = (&'static str, Option<(&'static str, Option<C>)>);

/// Routes what is below `/v1.0` or `/beta`.
pub(crate) fn route(version: Version, method: &Method, raw: &[&str]) -> Routed {
    if raw == ["$batch"] || raw == ["%24batch"] {
        let call = registry::Call::Graph(Call {
            version,
            op: Op::Batch,
        });
        let found = (*method == Method::POST).then_some(("batch", Some(call)));
        return pick(Platform::MsgraphChat, "POST", found);
    }
    let (allowed, found) = match (messages::route(method, raw), directory::route(method, raw)) {
        (Some((allowed, found)), _) => (allowed, wrap(found, Op::Messages)),
        (None, Some((allowed, found))) => (allowed, wrap(found, Op::Directory)),
        (None, None) => return Routed::Unknown(Some(Platform::MsgraphChat)),
    };
    let found = found.map(|(name, op)| {
        let call = op.map(|op| registry::Call::Graph(Call { version, op }));
        (name, call)
    });
    pick(Platform::MsgraphChat, allowed, found)
}

type Named<T> = Option<(&'static str, Option<T>)>;

fn wrap<C>(found: Named<C>, op: impl FnOnce(C) -> Op) -> Named<Op> {
    found.map(|(name, call)| (name, call.map(op)))
}
