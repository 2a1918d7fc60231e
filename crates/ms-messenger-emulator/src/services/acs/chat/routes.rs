//! The operations of ACS Chat and their paths.

use http::Method;

use crate::{engine::routing::Routing, wire::path::decode_segment};

/// The names of the operations of Chat and of Identity, which are one platform here.
pub(crate) const OPERATIONS: [&str; 28] = [
    "send",
    "list",
    "get",
    "update",
    "delete",
    "thread.create",
    "thread.list",
    "thread.get",
    "thread.update",
    "thread.delete",
    "participants.list",
    "participants.add",
    "participants.remove",
    "receipts.list",
    "receipts.send",
    "typing",
    "image.upload",
    "image.get",
    "image.delete",
    "identity.create",
    "identity.delete",
    "identity.issue",
    "identity.revoke",
    "identity.exchange",
    "identity.exchange_extension",
    "assignment.get",
    "assignment.put",
    "assignment.delete",
];

/// An operation of Chat with its path parameters; empty where the path has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) thread: String,
    /// The message, or the image.
    pub(crate) message: String,
    /// How an image is shown.
    pub(crate) view: String,
}

/// What Chat does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Send,
    List,
    Get,
    Update,
    Delete,
    ThreadCreate,
    ThreadList,
    ThreadGet,
    ThreadUpdate,
    ThreadDelete,
    ParticipantsList,
    ParticipantsAdd,
    ParticipantsRemove,
    ReceiptsList,
    ReceiptsSend,
    Typing,
    ImageUpload,
    ImageGet,
    ImageDelete,
}

impl Op {
    const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::List => "list",
            Self::Get => "get",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::ThreadCreate => "thread.create",
            Self::ThreadList => "thread.list",
            Self::ThreadGet => "thread.get",
            Self::ThreadUpdate => "thread.update",
            Self::ThreadDelete => "thread.delete",
            Self::ParticipantsList => "participants.list",
            Self::ParticipantsAdd => "participants.add",
            Self::ParticipantsRemove => "participants.remove",
            Self::ReceiptsList => "receipts.list",
            Self::ReceiptsSend => "receipts.send",
            Self::Typing => "typing",
            Self::ImageUpload => "image.upload",
            Self::ImageGet => "image.get",
            Self::ImageDelete => "image.delete",
        }
    }

    /// The scopes that allow it, any one of them.
    pub(crate) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::ThreadCreate | Self::ThreadUpdate | Self::ThreadDelete => &["chat"],
            Self::ParticipantsAdd | Self::ParticipantsRemove => &["chat", "chat.join"],
            _ => &["chat", "chat.join", "chat.join.limited"],
        }
    }
}

/// Routes what is below `/chat`.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Routing<Call> {
    let (allowed, op, thread, message) = match raw {
        ["threads"] => {
            let op = by(method, Some(Op::ThreadList), Some(Op::ThreadCreate));
            ("GET, POST", op, None, None)
        }
        ["threads", thread] => {
            let op = of_one(method, Op::ThreadGet, Op::ThreadUpdate, Op::ThreadDelete);
            ("GET, PATCH, DELETE", op, Some(*thread), None)
        }
        ["threads", thread, "messages"] => {
            let op = by(method, Some(Op::List), Some(Op::Send));
            ("GET, POST", op, Some(*thread), None)
        }
        ["threads", thread, "messages", message] => {
            let op = of_one(method, Op::Get, Op::Update, Op::Delete);
            ("GET, PATCH, DELETE", op, Some(*thread), Some(*message))
        }
        ["threads", thread, "participants"] => {
            let op = by(method, Some(Op::ParticipantsList), None);
            ("GET", op, Some(*thread), None)
        }
        ["threads", thread, "participants", ":add"] => {
            let op = by(method, None, Some(Op::ParticipantsAdd));
            ("POST", op, Some(*thread), None)
        }
        ["threads", thread, "participants", ":remove"] => {
            let op = by(method, None, Some(Op::ParticipantsRemove));
            ("POST", op, Some(*thread), None)
        }
        ["threads", thread, "readReceipts"] => {
            let op = by(method, Some(Op::ReceiptsList), Some(Op::ReceiptsSend));
            ("GET, POST", op, Some(*thread), None)
        }
        ["threads", thread, "typing"] => {
            let op = by(method, None, Some(Op::Typing));
            ("POST", op, Some(*thread), None)
        }
        ["threads", thread, "images", rest @ ..] => match image(method, rest) {
            Some((allowed, op, image)) => (allowed, op, Some(*thread), image),
            None => return Routing::Unknown,
        },
        _ => return Routing::Unknown,
    };
    let view = raw.get(5).copied();
    let found = op.map(|op| {
        let id = |raw: Option<&str>| raw.map_or_else(|| Some(String::new()), decode_segment);
        let ids = id(thread).zip(id(message)).zip(id(view));
        let call = ids.map(|((thread, message), view)| Call {
            op,
            thread,
            message,
            view,
        });
        (op.name(), call)
    });
    Routing::pick(allowed, found)
}

/// Routes what is below the images of a thread.
fn image<'a>(
    method: &Method,
    rest: &[&'a str],
) -> Option<(&'static str, Option<Op>, Option<&'a str>)> {
    Some(match rest {
        [] => ("POST", by(method, None, Some(Op::ImageUpload)), None),
        [image] => {
            let op = (*method == Method::DELETE).then_some(Op::ImageDelete);
            ("DELETE", op, Some(*image))
        }
        // Specified with `view`, seen in messages with `views`.
        [image, "view" | "views", _] => ("GET", by(method, Some(Op::ImageGet), None), Some(*image)),
        _ => return None,
    })
}

fn by(method: &Method, get: Option<Op>, post: Option<Op>) -> Option<Op> {
    match *method {
        Method::GET => get,
        Method::POST => post,
        _ => None,
    }
}

fn of_one(method: &Method, get: Op, patch: Op, delete: Op) -> Option<Op> {
    match *method {
        Method::GET => Some(get),
        Method::PATCH => Some(patch),
        Method::DELETE => Some(delete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_has_its_operation() {
        for (method, path, name) in [
            (Method::POST, "threads", "thread.create"),
            (Method::GET, "threads", "thread.list"),
            (Method::GET, "threads/T", "thread.get"),
            (Method::PATCH, "threads/T", "thread.update"),
            (Method::DELETE, "threads/T", "thread.delete"),
            (Method::GET, "threads/T/participants", "participants.list"),
            (
                Method::POST,
                "threads/T/participants/:add",
                "participants.add",
            ),
            (
                Method::POST,
                "threads/T/participants/:remove",
                "participants.remove",
            ),
            (Method::POST, "threads/T/messages", "send"),
            (Method::GET, "threads/T/messages", "list"),
            (Method::GET, "threads/T/messages/1", "get"),
            (Method::PATCH, "threads/T/messages/1", "update"),
            (Method::DELETE, "threads/T/messages/1", "delete"),
            (Method::GET, "threads/T/readReceipts", "receipts.list"),
            (Method::POST, "threads/T/readReceipts", "receipts.send"),
            (Method::POST, "threads/T/typing", "typing"),
            (Method::POST, "threads/T/images", "image.upload"),
            (Method::GET, "threads/T/images/1/view/small", "image.get"),
            (Method::GET, "threads/T/images/1/views/small", "image.get"),
            (Method::DELETE, "threads/T/images/1", "image.delete"),
        ] {
            let raw: Vec<&str> = path.split('/').collect();
            let Routing::Found(route) = route(&method, &raw) else {
                panic!("{method} {path} is not routed");
            };
            assert_eq!(route.operation, name, "{path}");
            assert!(OPERATIONS.contains(&name), "{name}");
        }
    }

    #[test]
    fn an_encoded_colon_is_not_the_verb() {
        let raw = ["threads", "T", "participants", "%3Aadd"];
        assert_eq!(route(&Method::POST, &raw), Routing::Unknown);
    }
}
