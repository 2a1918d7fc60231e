//! The path of a resource.

use ms_messenger_core::{ChannelId, ConversationId, MessageId, TeamId};

/// The resource that a notification is about.
///
/// ```
/// use ms_messenger_events::graph::Resource;
///
/// let path = "teams('t1')/channels('19:c@thread.tacv2')/messages('1')/replies('2')";
/// let Resource::ChannelMessage { channel, message, reply, .. } = Resource::parse(path) else {
///     panic!()
/// };
/// assert_eq!((channel.as_str(), message.as_str()), ("19:c@thread.tacv2", "1"));
/// assert_eq!(reply.unwrap(), "2");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// A message of a chat.
    #[non_exhaustive]
    ChatMessage {
        /// The chat.
        chat: ConversationId,
        /// The message.
        message: MessageId,
    },
    /// A message of a channel, or a reply to it.
    #[non_exhaustive]
    ChannelMessage {
        /// The team.
        team: TeamId,
        /// The channel.
        channel: ChannelId,
        /// The message, or the one to which `reply` belongs.
        message: MessageId,
        /// The reply.
        reply: Option<MessageId>,
    },
    /// Something else.
    Other,
}

impl Resource {
    /// Reads a path with keys in parentheses, `chats('…')/messages('…')`, or as segments,
    /// `/chats/…/messages/…`.
    pub fn parse(path: &str) -> Self {
        let segments = segments(path).unwrap_or_default();
        let names: Vec<&str> = segments.iter().map(|(name, _)| *name).collect();
        let keys = segments.iter().map(|(_, key)| key.as_str());
        let keys: Vec<&str> = keys.collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Self::Other;
        }
        match (&names[..], &keys[..]) {
            (["chats", "messages"], [chat, message])
            | (["users", "chats", "messages"], [_, chat, message]) => Self::ChatMessage {
                chat: (*chat).into(),
                message: (*message).into(),
            },
            (["teams", "channels", "messages"], [team, channel, message]) => Self::ChannelMessage {
                team: (*team).into(),
                channel: (*channel).into(),
                message: (*message).into(),
                reply: None,
            },
            (["teams", "channels", "messages", "replies"], [team, channel, message, reply]) => {
                Self::ChannelMessage {
                    team: (*team).into(),
                    channel: (*channel).into(),
                    message: (*message).into(),
                    reply: Some((*reply).into()),
                }
            }
            _ => Self::Other,
        }
    }
}

/// The names and keys of a path, or `None` if it has another form.
fn segments(path: &str) -> Option<Vec<(&str, String)>> {
    let mut found = Vec::new();
    let mut rest = path.trim_start_matches('/');
    while !rest.is_empty() {
        let end = rest.find(['(', '/'])?;
        let (name, from) = rest.split_at(end);
        let (key, after) = match from.strip_prefix("('") {
            Some(quoted) => quoted_key(quoted)?,
            None => plain_key(from.strip_prefix('/')?),
        };
        found.push((name, key));
        rest = after.strip_prefix('/').unwrap_or(after);
    }
    Some(found)
}

fn plain_key(text: &str) -> (String, &str) {
    let (key, rest) = text.split_once('/').unwrap_or((text, ""));
    (key.to_owned(), rest)
}

/// A key up to `')`; a quote inside is doubled.
fn quoted_key(text: &str) -> Option<(String, &str)> {
    let mut from = 0;
    loop {
        let quote = from + text[from..].find('\'')?;
        let rest = &text[quote + 1..];
        if let Some(rest) = rest.strip_prefix(')') {
            return Some((text[..quote].replace("''", "'"), rest));
        }
        rest.strip_prefix('\'')?;
        from = quote + 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Resource;

    #[test]
    fn both_forms_of_a_path_are_read() {
        let expected = Resource::ChatMessage {
            chat: "19:a'b@thread.v2".into(),
            message: "1".into(),
        };
        for path in [
            "chats('19:a''b@thread.v2')/messages('1')",
            "/chats/19:a'b@thread.v2/messages/1",
            "users('u')/chats('19:a''b@thread.v2')/messages('1')",
        ] {
            assert_eq!(Resource::parse(path), expected, "{path}");
        }
    }

    #[test]
    fn another_path_is_another_resource() {
        for path in [
            "",
            "chats",
            "chats('')/messages('1')",
            "chats('a/messages('1')",
            "chats('a')",
            "chats('a')/messages('1')/hostedContents('2')",
            "/me/messages/1",
        ] {
            assert_eq!(Resource::parse(path), Resource::Other, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "[a-z/'()é]{0,40}") {
            let _ = Resource::parse(&path);
        }
    }
}
