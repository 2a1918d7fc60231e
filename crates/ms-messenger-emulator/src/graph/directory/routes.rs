//! The operations of the directory and their paths.

use http::Method;

use crate::graph::routes::Found;

/// An operation of the directory with its path parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    ChatCreate,
}

/// Routes what ends in a team, a channel, a chat or their members.
pub(crate) fn route(method: &Method, raw: &[&str]) -> Option<Found<Call>> {
    let is_post = *method == Method::POST;
    match raw {
        ["chats"] => Some((
            "POST",
            is_post.then_some(("chat.create", Some(Call::ChatCreate))),
        )),
        ["me", "chats"] => Some(("GET", None)),
        _ => None,
    }
}
