//! Graph's rates for Teams: per app and tenant by class of request, per app and team, per app and
//! thread, and per user for posting in a thread. A bucket holds what a second allows.

use http::Method;

use crate::{engine::limits::bucket::Rate, wire::path::decode_segment};

/// The caller: an application, for a user or for itself.
pub(crate) struct Principal<'a> {
    /// The application's id.
    pub(crate) app: &'a str,
    /// The user's id; empty for an application alone.
    pub(crate) user: &'a str,
    pub(crate) tenant: &'a str,
}

/// Where a path leads, its ids decoded.
#[derive(Default)]
struct Path {
    team: Option<String>,
    /// The channel or chat.
    thread: Option<String>,
    /// What is below the thread, or the team when there is no thread.
    rest: Vec<String>,
}

fn read(path: &str) -> Path {
    let segments: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let owned = |rest: &[&str]| rest.iter().map(|s| (*s).to_owned()).collect();
    match segments.as_slice() {
        ["teams", team, "channels", channel, rest @ ..] => Path {
            team: decode_segment(team),
            thread: decode_segment(channel),
            rest: owned(rest),
        },
        ["teams", team, rest @ ..] => Path {
            team: decode_segment(team),
            thread: None,
            rest: owned(rest),
        },
        ["chats", chat, rest @ ..]
        | ["me", "chats", chat, rest @ ..]
        | ["users", _, "chats", chat, rest @ ..] => Path {
            team: None,
            thread: decode_segment(chat),
            rest: owned(rest),
        },
        rest => Path {
            rest: owned(rest),
            ..Path::default()
        },
    }
}

/// The class of a request, and how many of it a second allows per app and tenant.
fn class(method: &Method, path: &Path) -> (&'static str, u64) {
    let is_read = *method == Method::GET;
    let first = path.rest.first().map_or("", String::as_str);
    let last = path.rest.last().map_or("", String::as_str);
    let is_message = path.thread.is_some() && first == "messages";
    match (is_message, path.team.is_some()) {
        (true, true) if is_read => ("msgraph-chat/read channel message", 20),
        (true, true) => ("msgraph-chat/post channel message", 50),
        (true, false) if is_read => ("msgraph-chat/read chat message", 20),
        (true, false) => ("msgraph-chat/post chat message", 20),
        _ if last.starts_with("sendActivityNotificationToRecipients") => {
            ("msgraph-chat/notify recipients", 2)
        }
        _ if last.starts_with("sendActivityNotification") => ("msgraph-chat/notify", 5),
        _ if last.starts_with("getAllMessages") => ("msgraph-chat/export", 200),
        _ if is_read && ["channels", "members"].contains(&last) && path.team.is_some() => {
            ("msgraph-chat/list channels, members", 60)
        }
        (false, true) if is_read => ("msgraph-chat/read team, channel", 30),
        (false, true) if *method == Method::DELETE => ("msgraph-chat/delete channel", 15),
        (false, true) => ("msgraph-chat/change channel", 30),
        _ if is_read => ("msgraph-chat/other read", 30),
        _ => ("msgraph-chat/other", 30),
    }
}

/// The rates that a request counts under.
pub(crate) fn of(method: &Method, path: &str, principal: &Principal<'_>) -> Vec<Rate> {
    let path = read(path);
    let Principal { app, user, tenant } = principal;
    let (class, requests) = class(method, &path);
    let per_second = |class, key: String, requests| Rate::new(class, key, requests, 1);
    let mut rates = vec![per_second(class, format!("{app} in {tenant}"), requests)];
    if let Some(team) = &path.team {
        let key = format!("{app} in {team}");
        rates.push(per_second("msgraph-chat/app in team", key, 4));
    }
    if let Some(thread) = &path.thread {
        let key = format!("{app} in {tenant} in {thread}");
        rates.push(per_second("msgraph-chat/app in thread", key, 1));
        if *method == Method::POST && !user.is_empty() {
            let key = format!("{user} in {thread}");
            rates.push(per_second("msgraph-chat/user posting in thread", key, 1));
        }
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(method: &Method, path: &str) -> Vec<(&'static str, u64)> {
        let principal = Principal {
            app: "app",
            user: "user",
            tenant: "tenant",
        };
        let rates = of(method, path, &principal);
        rates.iter().map(|r| (r.class, r.requests)).collect()
    }

    #[test]
    fn every_request_has_its_class_and_its_place() {
        let channel = "/v1.0/teams/T/channels/19%3Aa%40thread.tacv2/messages";
        assert_eq!(
            classes(&Method::POST, channel),
            [
                ("msgraph-chat/post channel message", 50),
                ("msgraph-chat/app in team", 4),
                ("msgraph-chat/app in thread", 1),
                ("msgraph-chat/user posting in thread", 1),
            ]
        );
        assert_eq!(
            classes(&Method::GET, "/beta/me/chats/19:a@thread.v2/messages/1"),
            [
                ("msgraph-chat/read chat message", 20),
                ("msgraph-chat/app in thread", 1),
            ]
        );
        let only = |method: Method, path| classes(&method, path)[0];
        assert_eq!(
            only(Method::GET, "/v1.0/teams/T/channels"),
            ("msgraph-chat/list channels, members", 60)
        );
        assert_eq!(
            only(Method::GET, "/v1.0/me/joinedTeams"),
            ("msgraph-chat/other read", 30)
        );
        assert_eq!(
            only(Method::DELETE, "/v1.0/teams/T/channels/C"),
            ("msgraph-chat/delete channel", 15)
        );
        assert_eq!(
            only(Method::POST, "/v1.0/chats/C/sendActivityNotification"),
            ("msgraph-chat/notify", 5)
        );
    }

    #[test]
    fn both_spellings_of_an_id_are_one_thread() {
        let principal = Principal {
            app: "a",
            user: "u",
            tenant: "t",
        };
        let encoded = of(&Method::GET, "/v1.0/chats/19%3Aa%40thread.v2", &principal);
        assert_eq!(
            encoded,
            of(&Method::GET, "/v1.0/chats/19:a@thread.v2", &principal)
        );
    }
}
