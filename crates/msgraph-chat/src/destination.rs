//! The place that a message is posted to: its ids, their checks, and its path.

use ms_messenger_core::{ChannelId, ConversationId, MessageId, Problems, TeamId, UserId};
use ms_messenger_http::{Call, Operation, check_id};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use uuid::Uuid;

use crate::{
    operations::{
        CHANNEL_MESSAGE_LIST, CHANNEL_MESSAGE_SEND, CHAT_MESSAGE_LIST, CHAT_MESSAGE_QUOTE,
        CHAT_MESSAGE_SEND, REPLY_LIST, REPLY_SEND,
    },
    write::Place,
};

/// The characters that are not encoded in a path segment: the service writes `:` and `@` of its
/// ids raw.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');

/// The same within a string literal of OData, where the apostrophe has its meaning.
const LITERAL: &AsciiSet = &SEGMENT.remove(b'\'');

/// The most messages that one message can quote.
const MAX_QUOTES: usize = 10;

/// The place that a message is posted to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination<'a> {
    Channel {
        team: &'a TeamId,
        channel: &'a ChannelId,
        reply_to: Option<&'a MessageId>,
    },
    Chat {
        chat: &'a ConversationId,
        quoted: Option<&'a [MessageId]>,
    },
    /// A one-on-one chat, which is found or created only for a message that passed every check.
    Person {
        own: Option<&'a UserId>,
        other: &'a UserId,
        quoted: Option<&'a [MessageId]>,
    },
}

impl<'a> Destination<'a> {
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Channel { .. } => Place::Channel,
            Self::Chat { .. } | Self::Person { .. } => Place::Chat,
        }
    }

    /// The messages that are quoted.
    pub(crate) fn quoted(self) -> Option<&'a [MessageId]> {
        match self {
            Self::Channel { .. } => None,
            Self::Chat { quoted, .. } | Self::Person { quoted, .. } => quoted,
        }
    }

    pub(crate) fn operation(self) -> &'static Operation {
        match self {
            Self::Channel {
                reply_to: Some(_), ..
            } => &REPLY_SEND,
            Self::Channel { .. } => &CHANNEL_MESSAGE_SEND,
            _ if self.quoted().is_some() => &CHAT_MESSAGE_QUOTE,
            _ => &CHAT_MESSAGE_SEND,
        }
    }

    /// Adds what is wrong with the ids.
    pub(crate) fn find_problems(self, problems: &mut Problems) {
        match self {
            Self::Channel {
                team,
                channel,
                reply_to,
            } => {
                check_channel(team, channel, problems);
                if let Some(id) = reply_to {
                    check_id(id.as_str(), "reply_to", problems);
                }
            }
            Self::Chat { chat, .. } => check_id(chat.as_str(), "chat", problems),
            // As the target and the setting are written, not as the parameters of the chat's lookup.
            Self::Person { own, other, .. } => {
                check_id(other.as_str(), "user", problems);
                if let Some(own) = own {
                    check_id(own.as_str(), "own_user", problems);
                    check_other(own, other, "user", problems);
                }
            }
        }
        if let Some(quoted) = self.quoted() {
            for id in quoted {
                check_id(id.as_str(), "messageIds", problems);
            }
            let sound = (1..=MAX_QUOTES).contains(&quoted.len());
            problems.add_if(!sound, "messageIds", "must be one to ten messages");
        }
    }
}

/// Adds what is wrong with the id of a team.
pub(crate) fn check_team(team: &TeamId, problems: &mut Problems) {
    check_team_id(team, "must be a GUID", problems);
}

fn check_team_id(team: &TeamId, rule: &str, problems: &mut Problems) {
    let team = team.as_str();
    check_id(team, "team", problems);
    let is_read = !team.is_empty() && problems.is_empty();
    let is_guid = Uuid::try_parse(team).is_ok();
    problems.add_if(is_read && !is_guid, "team", rule);
}

/// Adds what is wrong with the ids of a channel and its team. The most likely mistake is a name.
pub(crate) fn check_channel(team: &TeamId, channel: &ChannelId, problems: &mut Problems) {
    let rule = "must be a GUID; where one of both is a name, write channel:@TEAM/CHANNEL";
    check_team_id(team, rule, problems);
    let channel = channel.as_str();
    check_id(channel, "channel", problems);
    // All that Teams has ever given out have one.
    let is_id = channel.is_empty() || channel.contains(':') || channel.contains('%');
    let rule = "must be an id, such as 19:…@thread.tacv2; where one of both is a name, write \
                channel:@TEAM/CHANNEL";
    problems.add_if(!is_id, "channel", rule);
}

/// Adds what is wrong with the two members of a one-on-one chat.
pub(crate) fn check_members(own: &UserId, other: &UserId, problems: &mut Problems) {
    check_id(own.as_str(), "own", problems);
    check_id(other.as_str(), "other", problems);
    check_other(own, other, "other", problems);
}

/// Adds that `other`, which is given as `field`, is the user `own`.
pub(crate) fn check_other(
    own: &UserId,
    other: &UserId,
    field: &'static str,
    problems: &mut Problems,
) {
    let (own, other) = (own.as_str(), other.as_str());
    let is_own = !own.is_empty() && own.eq_ignore_ascii_case(other);
    problems.add_if(
        is_own,
        field,
        "is the sender: a one-on-one chat is with somebody else",
    );
}

/// The path under which a message is posted.
#[derive(Debug)]
pub(crate) struct PostPath {
    /// The collection in which the message is listed.
    pub(crate) list: String,
    /// The operation that reads it.
    list_operation: &'static Operation,
    /// What follows it in the path of the call.
    tail: &'static str,
}

impl PostPath {
    /// The path to the messages of `channel`, or to the replies to one of them.
    pub(crate) fn of_channel(
        team: &TeamId,
        channel: &ChannelId,
        reply_to: Option<&MessageId>,
    ) -> Self {
        Self {
            list: channel_messages(team, channel, reply_to),
            list_operation: match reply_to {
                Some(_) => &REPLY_LIST,
                None => &CHANNEL_MESSAGE_LIST,
            },
            tail: "",
        }
    }

    /// The path to the messages of `chat`. A quote is listed with the others.
    pub(crate) fn of_chat(chat: &ConversationId, is_quote: bool) -> Self {
        Self {
            list: chat_messages(chat),
            list_operation: &CHAT_MESSAGE_LIST,
            tail: if is_quote { "/replyWithQuote" } else { "" },
        }
    }

    /// The call that reads the newest message of the collection.
    pub(crate) fn newest(&self) -> Call {
        Call::of(self.list_operation, format!("{}?$top=1", self.list))
    }

    /// The path of the call.
    pub(crate) fn into_path(mut self) -> String {
        self.list.push_str(self.tail);
        self.list
    }
}

/// The collection of the messages of `channel`, or of the replies to one of them.
pub(crate) fn channel_messages(
    team: &TeamId,
    channel: &ChannelId,
    reply_to: Option<&MessageId>,
) -> String {
    let mut path = String::with_capacity(192);
    path.push_str("/teams/");
    push_segment(&mut path, team.as_str());
    path.push_str("/channels/");
    push_segment(&mut path, channel.as_str());
    path.push_str("/messages");
    if let Some(id) = reply_to {
        path.push('/');
        push_segment(&mut path, id.as_str());
        path.push_str("/replies");
    }
    path
}

/// The collection of the messages of `chat`.
pub(crate) fn chat_messages(chat: &ConversationId) -> String {
    let mut path = String::with_capacity(128);
    path.push_str("/chats/");
    push_segment(&mut path, chat.as_str());
    path.push_str("/messages");
    path
}

/// Adds an id to a path. Nearly every one has nothing to encode.
fn push_segment(path: &mut String, id: &str) {
    let is_raw = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@')
    };
    if id.bytes().fold(true, |raw, byte| raw & is_raw(byte)) {
        path.push_str(id);
    } else {
        path.extend(segment(id));
    }
}

/// Encodes an id for a path or query.
pub(crate) fn segment(id: &str) -> PercentEncode<'_> {
    utf8_percent_encode(id, SEGMENT)
}

/// Encodes an id for a string literal of OData, which an apostrophe ends unless it is doubled.
/// The name of a guest has `#` in it.
pub(crate) fn literal(id: &str) -> String {
    let id = id.replace('\'', "''");
    utf8_percent_encode(&id, LITERAL).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_of_the_service_stands_in_a_path_as_it_is() {
        let path = chat_messages(&ConversationId::new("19:a_b-c~1@thread.v2"));
        assert_eq!(path, "/chats/19:a_b-c~1@thread.v2/messages");
    }

    proptest! {
        #[test]
        fn any_id_is_one_encoded_segment(id in "(?s).*", plain in "[ -~]*") {
            for id in [id, plain] {
                let mut path = String::new();
                push_segment(&mut path, &id);
                prop_assert_eq!(&path, &segment(&id).to_string());
                prop_assert!(!path.contains(['/', '?', '#', '\\', ' ']), "{}", path);
            }
        }
    }
}
