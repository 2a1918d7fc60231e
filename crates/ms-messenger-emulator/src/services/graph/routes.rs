//! The operations of Graph and their paths.

use std::fmt;

use http::Method;

use crate::{
    engine::routing::Routing,
    services::graph::{directory, drives, messages::routes, notifications},
    wire::path::segments,
};

/// The names of the operations.
pub(crate) const OPERATIONS: [&str; 69] = [
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
    "user.list",
    "notify",
    "drive.get",
    "drive.folder",
    "drive.item",
    "drive.list",
    "drive.create",
    "drive.content",
    "drive.download",
    "drive.upload",
    "drive.delete",
    "drive.session.create",
    "drive.session.piece",
    "drive.session.get",
    "drive.session.commit",
    "drive.session.cancel",
    "drive.invite",
    "drive.link",
    "drive.share",
    "drive.share.content",
    "batch",
    "subscription.create",
    "subscription.list",
    "subscription.get",
    "subscription.update",
    "subscription.delete",
    "subscription.reauthorize",
    PUSHES[0],
    PUSHES[1],
];

/// The operations by which Graph calls receivers.
pub(crate) const PUSHES: [&str; 2] = ["notification.deliver", "notification.lifecycle"];

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

impl Call {
    /// Whether its address is authenticated already.
    pub(crate) const fn is_direct(&self) -> bool {
        matches!(self.op, Op::Drives(drives::Call::Direct(_)))
    }
}

/// What Graph does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Messages(routes::Call),
    Directory(directory::Call),
    Subscriptions(notifications::routes::Call),
    Drives(drives::Call),
    /// Several of the others in one request.
    Batch,
}

/// Routes what is below `/v1.0` or `/beta`.
pub(crate) fn route(method: &Method, target: &str) -> Routing<Call> {
    let raw = segments(target);
    match raw.as_slice() {
        ["v1.0", rest @ ..] => below(Version::V1, method, rest),
        ["beta", rest @ ..] => below(Version::Beta, method, rest),
        ["_api", "v2.0", rest @ ..] => direct(method, rest),
        _ => Routing::NotMine,
    }
}

fn below(version: Version, method: &Method, raw: &[&str]) -> Routing<Call> {
    if raw == ["$batch"] || raw == ["%24batch"] {
        let found = (*method == Method::POST).then_some(("batch", Some(Op::Batch)));
        return Routing::pick("POST", found).map(|op| Call { version, op });
    }
    if let Some((allowed, found)) = notifications::routes::route(method, raw) {
        let found = wrap(found, Op::Subscriptions);
        return Routing::pick(allowed, found).map(|op| Call { version, op });
    }
    if let Some((allowed, found)) = drives::routes::route(method, raw) {
        let found = wrap(found, Op::Drives);
        return sized(Routing::pick(allowed, found).map(|op| Call { version, op }));
    }
    let (allowed, found) = match (routes::route(method, raw), directory::route(method, raw)) {
        (Some((allowed, found)), _) => (allowed, wrap(found, Op::Messages)),
        (None, Some((allowed, found))) => (allowed, wrap(found, Op::Directory)),
        (None, None) => return Routing::Unknown,
    };
    Routing::pick(allowed, found).map(|op| Call { version, op })
}

/// Routes the addresses of files that need no token.
fn direct(method: &Method, raw: &[&str]) -> Routing<Call> {
    let Some((allowed, found)) = drives::routes::direct(method, raw) else {
        return Routing::Unknown;
    };
    let found = wrap(found, Op::Drives);
    sized(Routing::pick(allowed, found).map(|op| Call {
        version: Version::V1,
        op,
    }))
}

/// Uploads may be larger than other requests.
fn sized(routing: Routing<Call>) -> Routing<Call> {
    let limit = match &routing {
        Routing::Found(found) => match &found.call.op {
            Op::Drives(call) => drives::routes::max_body(call),
            _ => None,
        },
        _ => None,
    };
    match limit {
        Some(bytes) => routing.with_max_body(bytes),
        None => routing,
    }
}

type Named<T> = Option<(&'static str, Option<T>)>;

fn wrap<C>(found: Named<C>, op: impl FnOnce(C) -> Op) -> Named<Op> {
    found.map(|(name, call)| (name, call.map(op)))
}
