//! The operations on messages and their paths.

use http::Method;

use crate::graph::Place;
use crate::graph::routes::Found;
use crate::router::decode;

/// An operation on the messages of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) place: Place,
    /// The channel message whose replies are meant.
    pub(crate) root: Option<String>,
    /// The message that is meant, where it is one.
    pub(crate) message: Option<String>,
}

/// What is done to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Send,
    Quote,
    List,
    Get,
    /// A write under `/me/chats`, which Graph refuses.
    SendUnderMe,
}

impl Op {
    /// The operation's name; those on replies have their own.
    const fn name(self, is_reply: bool) -> &'static str {
        match (self, is_reply) {
            (Self::Send, true) => "send.reply",
            (Self::Send | Self::SendUnderMe, _) => "send",
            (Self::Quote, _) => "send.quote",
            (Self::List, false) => "list",
            (Self::List, true) => "list.replies",
            (Self::Get, false) => "get",
            (Self::Get, true) => "get.reply",
        }
    }
}

/// Routes what ends in the messages of a channel or a chat.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    match raw {
        ["chats", chat, "messages", rest @ ..] => in_place(method, chat_place(chat), rest),
        ["me", "chats", chat, "messages"] if *method == Method::POST => {
            let found = call(Op::SendUnderMe, chat_place(chat), None, None);
            Some(("GET", Some((Op::SendUnderMe.name(false), found))))
        }
        ["teams", team, "channels", channel, "messages", rest @ ..] => {
            let ids = decode(team).zip(decode(channel));
            let place = ids.map(|(team, channel)| Place::Channel { team, channel });
            in_place(method, place, rest)
        }
        _ => None,
    }
}

fn chat_place(raw: &str) -> Option<Place> {
    decode(raw).map(|chat| Place::Chat { chat })
}

fn in_place(method: &Method, place: Option<Place>, rest: &[&str]) -> Option<Found<Call>> {
    let has_replies = place.as_ref().is_some_and(Place::is_channel);
    let (allowed, op, root, message) = match rest {
        [] => ("GET, POST", either(method, Op::List, Op::Send), None, None),
        ["replyWithQuote"] if !has_replies => ("POST", on_post(method, Op::Quote), None, None),
        [message] => ("GET", on_get(method, Op::Get), None, Some(*message)),
        [root, "replies"] if has_replies => {
            let op = either(method, Op::List, Op::Send);
            ("GET, POST", op, Some(*root), None)
        }
        [root, "replies", reply] if has_replies => {
            let op = on_get(method, Op::Get);
            ("GET", op, Some(*root), Some(*reply))
        }
        _ => return None,
    };
    let found = op.map(|op| {
        let name = op.name(root.is_some());
        (name, call(op, place, root, message))
    });
    Some((allowed, found))
}

fn on_get(method: &Method, op: Op) -> Option<Op> {
    (*method == Method::GET).then_some(op)
}

fn on_post(method: &Method, op: Op) -> Option<Op> {
    (*method == Method::POST).then_some(op)
}

fn either(method: &Method, get: Op, post: Op) -> Option<Op> {
    on_get(method, get).or_else(|| on_post(method, post))
}

/// The call, when all of its ids can be read.
fn call(op: Op, place: Option<Place>, root: Option<&str>, message: Option<&str>) -> Option<Call> {
    let id = |raw: Option<&str>| match raw {
        None => Some(None),
        Some(raw) => decode(raw).map(Some),
    };
    Some(Call {
        op,
        place: place?,
        root: id(root)?,
        message: id(message)?,
    })
}
