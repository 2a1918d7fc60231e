//! The operations of ACS Messages and their paths.

use http::Method;

use crate::{engine::routing::Routing, wire::path::decode_segment};

/// The names of the operations.
pub(crate) const OPERATIONS: [&str; 14] = [
    "send",
    "send.notification",
    "list",
    "media.get",
    "templates.list",
    "conversation.create",
    "conversation.get",
    "conversation.delete",
    "conversation.terminate",
    "conversation.list",
    "conversation.analyze",
    "participants.add",
    "participants.remove",
    "receipt.send",
];

/// An operation and the id in its path: a conversation, a channel or a medium; empty without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) id: String,
}

/// What Messages does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Send,
    Notification,
    List,
    Media,
    Templates,
    Create,
    Get,
    Delete,
    Terminate,
    Conversations,
    Analyze,
    AddParticipants,
    RemoveParticipants,
    Receipt,
}

impl Op {
    const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Notification => "send.notification",
            Self::List => "list",
            Self::Media => "media.get",
            Self::Templates => "templates.list",
            Self::Create => "conversation.create",
            Self::Get => "conversation.get",
            Self::Delete => "conversation.delete",
            Self::Terminate => "conversation.terminate",
            Self::Conversations => "conversation.list",
            Self::Analyze => "conversation.analyze",
            Self::AddParticipants => "participants.add",
            Self::RemoveParticipants => "participants.remove",
            Self::Receipt => "receipt.send",
        }
    }
}

/// Routes what is below `/messages`.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Routing<Call> {
    let (get, post) = (*method == Method::GET, *method == Method::POST);
    let none = Some(String::new());
    let (allowed, op, id) = match raw {
        ["notifications:send"] => ("POST", post.then_some(Op::Notification), none),
        ["readreceipts:send"] => ("POST", post.then_some(Op::Receipt), none),
        // A blank id is the service's own error, not an unknown path.
        ["streams", id] => (
            "GET",
            get.then_some(Op::Media),
            Some(decode_segment(id).unwrap_or_default()),
        ),
        ["channels", id, "templates"] => ("GET", get.then_some(Op::Templates), decode_segment(id)),
        ["conversations"] => {
            let op = post.then_some(Op::Create);
            let op = op.or(get.then_some(Op::Conversations));
            ("GET, POST", op, none)
        }
        ["conversations", id] => conversation(method, id),
        ["conversations", id, "messages"] => ("GET", get.then_some(Op::List), decode_segment(id)),
        ["conversations", id, "messages:send"] => {
            ("POST", post.then_some(Op::Send), decode_segment(id))
        }
        ["conversations", id, "participants:add"] => (
            "POST",
            post.then_some(Op::AddParticipants),
            decode_segment(id),
        ),
        ["conversations", id, "participants:remove"] => (
            "POST",
            post.then_some(Op::RemoveParticipants),
            decode_segment(id),
        ),
        _ => return Routing::Unknown,
    };
    let found = op.map(|op| {
        let call = id.map(|id| Call { op, id });
        (op.name(), call)
    });
    Routing::pick(allowed, found)
}

/// A conversation, or a verb after its id's last colon; ids hold raw colons too.
fn conversation(method: &Method, raw: &str) -> (&'static str, Option<Op>, Option<String>) {
    let verbs = [(":terminate", Op::Terminate), (":analyze", Op::Analyze)];
    for (suffix, op) in verbs {
        if let Some(id) = raw.strip_suffix(suffix) {
            return (
                "POST",
                (*method == Method::POST).then_some(op),
                decode_segment(id),
            );
        }
    }
    let op = match *method {
        Method::GET => Some(Op::Get),
        Method::DELETE => Some(Op::Delete),
        _ => None,
    };
    ("GET, DELETE", op, decode_segment(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_operation() {
        for (method, path, name, id) in [
            (Method::POST, "notifications:send", "send.notification", ""),
            (Method::POST, "readreceipts:send", "receipt.send", ""),
            (Method::GET, "streams/m", "media.get", "m"),
            (Method::GET, "streams/%20", "media.get", ""),
            (Method::GET, "channels/c/templates", "templates.list", "c"),
            (Method::POST, "conversations", "conversation.create", ""),
            (Method::GET, "conversations", "conversation.list", ""),
            (
                Method::GET,
                "conversations/19%3Aa",
                "conversation.get",
                "19:a",
            ),
            (
                Method::DELETE,
                "conversations/19:a",
                "conversation.delete",
                "19:a",
            ),
            (
                Method::POST,
                "conversations/19:a:terminate",
                "conversation.terminate",
                "19:a",
            ),
            (
                Method::POST,
                "conversations/19%3Aa:analyze",
                "conversation.analyze",
                "19:a",
            ),
            (Method::GET, "conversations/c/messages", "list", "c"),
            (Method::POST, "conversations/c/messages:send", "send", "c"),
            (
                Method::POST,
                "conversations/c/participants:add",
                "participants.add",
                "c",
            ),
            (
                Method::POST,
                "conversations/c/participants:remove",
                "participants.remove",
                "c",
            ),
        ] {
            let raw: Vec<&str> = path.split('/').collect();
            let Routing::Found(route) = route(&method, &raw) else {
                panic!("{method} {path} is not routed");
            };
            assert_eq!(route.operation, name, "{path}");
            assert!(OPERATIONS.contains(&name), "{name}");
            assert_eq!(route.call.id, id);
        }
    }
}
