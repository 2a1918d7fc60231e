//! From method and raw path to an operation of a platform.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::engine::platform::Platform;
use crate::services::acs::chat;
use crate::services::acs::identity;
use crate::services::acs::messages;
use crate::services::entra;
use crate::services::graph;
use crate::services::ucwa;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Routed {
    /// The admin API; the path below `/_emulator`.
    Admin(String),
    /// An operation of a platform.
    Operation(Route),
    /// A path of a platform that takes other methods only.
    WrongMethod(Platform, &'static str),
    /// No operation; the platform when the path is under one's prefix.
    Unknown(Option<Platform>),
}

/// An operation: platform, name and call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) platform: Platform,
    pub(crate) operation: &'static str,
    pub(crate) call: Call,
}

/// An operation with its path parameters, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    AcsMessages(messages::Call),
    AcsChat(chat::Call),
    AcsIdentity(identity::Call),
    Graph(graph::Call),
    /// An operation of Entra ID.
    Entra(entra::Call),
    /// An operation of UCWA.
    Ucwa(ucwa::Call),
}

/// Routes a request by its raw path (before decoding, so that an encoded `/` or `:` in an id
/// cannot change the structure).
///
/// `target` may carry a query, which tells apart the UCWA operations that share a path.
pub(crate) fn route(method: &Method, target: &str) -> Routed {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let raw: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match raw.as_slice() {
        ["_emulator", rest @ ..] => Routed::Admin(rest.join("/")),
        ["messages", rest @ ..] => messages::route(method, rest),
        ["chat", rest @ ..] => chat::route(method, rest),
        ["identities" | "teamsUser" | "access", ..] => identity::route(method, &raw),
        ["v1.0", rest @ ..] => graph::route(graph::Version::V1, method, rest),
        ["beta", rest @ ..] => graph::route(graph::Version::Beta, method, rest),
        _ => entra::route(method, &raw).unwrap_or_else(|| ucwa::route(method, path, query)),
    }
}

pub(crate) fn decode(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    let is_plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    (is_plain && text.len() <= 1024).then(|| text.into_owned())
}

/// Whether an id may be one that a service issues: none has blanks, and none `%`, which an id that was
/// encoded twice has.
pub(crate) fn may_be_id(id: &str) -> bool {
    !id.contains(|c: char| c == '%' || c.is_whitespace())
}

/// The operation found for the method, or the refusal that names the methods `allowed`; a call
/// whose ids cannot be read is no operation.
pub(crate) fn pick(
    platform: Platform,
    allowed: &'static str,
    found: Option<(&'static str, Option<Call>)>,
) -> Routed {
    match found {
        None => Routed::WrongMethod(platform, allowed),
        Some((_, None)) => Routed::Unknown(Some(platform)),
        Some((operation, Some(call))) => Routed::Operation(Route {
            platform,
            operation,
            call,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(method: Method, path: &str) -> Option<&'static str> {
        match route(&method, path) {
            Routed::Operation(route) => Some(route.operation),
            _ => None,
        }
    }

    #[test]
    fn ids_are_accepted_encoded_and_raw() {
        for id in ["19:a@thread.v2", "19%3Aa%40thread.v2"] {
            let path = format!("/messages/conversations/{id}/messages:send");
            let Routed::Operation(found) = route(&Method::POST, &path) else {
                panic!("{path} is not routed");
            };
            let Call::AcsMessages(call) = found.call else {
                panic!("{path} is of another platform");
            };
            assert_eq!(call.id, "19:a@thread.v2");
        }
    }

    #[test]
    fn an_encoded_verb_colon_is_not_the_operation() {
        assert_eq!(
            operation(Method::POST, "/messages/notifications%3Asend"),
            None
        );
        assert_eq!(
            operation(Method::POST, "/messages/notifications:send"),
            Some("send.notification")
        );
    }

    #[test]
    fn every_graph_operation_has_its_name() {
        let channel = "/v1.0/teams/T/channels/C/messages";
        assert_eq!(operation(Method::POST, channel), Some("send"));
        assert_eq!(operation(Method::GET, channel), Some("list"));
        assert_eq!(operation(Method::GET, &format!("{channel}/1")), Some("get"));
        assert_eq!(
            operation(Method::POST, &format!("{channel}/1/replies")),
            Some("send.reply")
        );
        assert_eq!(
            operation(Method::GET, &format!("{channel}/1/replies")),
            Some("list.replies")
        );
        assert_eq!(
            operation(Method::GET, &format!("{channel}/1/replies/2")),
            Some("get.reply")
        );
        let chat = "/v1.0/chats/C/messages";
        assert_eq!(
            operation(Method::POST, &format!("{chat}/replyWithQuote")),
            Some("send.quote")
        );
        assert_eq!(operation(Method::POST, "/v1.0/chats"), Some("chat.create"));
        assert_eq!(operation(Method::POST, &format!("{chat}/1/replies")), None);
    }

    #[test]
    fn a_wrong_method_names_the_right_ones() {
        let refusal = Routed::WrongMethod(Platform::AcsChat, "GET, POST");
        assert_eq!(route(&Method::PUT, "/chat/threads/T/messages"), refusal);
    }

    proptest::proptest! {
        #[test]
        fn hostile_paths_do_not_panic(path in "/.{0,80}") {
            let _ = route(&Method::POST, &path);
        }
    }
}
