//! Teams links to channels, chats and messages.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::{
    ids::{ChannelId, ConversationId, MessageId, TeamId},
    json,
    parse_target_error::ParseTargetError,
    percent::decoded,
    target::Target,
};

/// The hosts of Teams: worldwide (including GCC), US government (GCC High and DoD) and China.
/// Sources: "Configure deep links"; "Unified cloud.microsoft domain for Microsoft 365 apps";
/// "Microsoft Teams JavaScript client library", whose lists name the hosts of the other clouds.
const HOSTS: [&str; 5] = [
    "teams.microsoft.com",
    "teams.cloud.microsoft",
    "gov.teams.microsoft.us",
    "dod.teams.microsoft.us",
    "teams.microsoftonline.cn",
];

/// A link of Teams ("Copy link") to a channel, a chat, a user, or a message.
///
/// | Link | Target |
/// |---|---|
/// | `/l/channel/CHANNEL/NAME?groupId=TEAM` | the channel |
/// | `/l/team/CHANNEL/conversations?groupId=TEAM` | the first channel of the team |
/// | `/l/chat/CHAT/…` | the chat |
/// | `/l/chat/0/0?users=USER` | that user |
/// | `/l/message/CHANNEL/MESSAGE?groupId=TEAM` | the channel |
/// | `/l/message/CHAT/MESSAGE` | the chat |
///
/// ```
/// use ms_messenger_core::{Target, TeamsLink};
///
/// let link: TeamsLink = "https://teams.microsoft.com/l/message/19%3Aa%40thread.tacv2/17\
///     ?groupId=t&parentMessageId=16".parse()?;
/// assert_eq!(*link.target(), Target::channel("t", "19:a@thread.tacv2"));
/// assert_eq!(link.message_id().unwrap().as_str(), "17");
/// assert_eq!(link.reply_to().unwrap().as_str(), "16");
/// # Ok::<(), ms_messenger_core::ParseTargetError>(())
/// ```
///
/// A link to a message names more than a target. The JSON form of a
/// [`SendRequest`](crate::SendRequest) accepts it in `to` and replies to the message;
/// [`Target::from_str`] rejects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamsLink {
    target: Target,
    message: Option<MessageId>,
    parent: Option<MessageId>,
}

impl TeamsLink {
    /// Returns the channel, chat or user.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the message, if the link is one to a message.
    pub fn message_id(&self) -> Option<&MessageId> {
        self.message.as_ref()
    }

    /// Returns the id for [`SendRequest::reply_to`](crate::SendRequest) of a reply to the message:
    /// in a channel that of the message that began the thread, in a chat that of the message.
    pub fn reply_to(&self) -> Option<&MessageId> {
        match self.target {
            Target::Channel { .. } => self.parent.as_ref().or(self.message.as_ref()),
            _ => self.message.as_ref(),
        }
    }

    /// The target of a link that names nothing else.
    pub(crate) fn into_target(self) -> Result<Target, ParseTargetError> {
        match self.reply_to() {
            None => Ok(self.target),
            Some(message) => Err(ParseTargetError::Message {
                target: self.target.to_string(),
                reply_to: message.to_string(),
            }),
        }
    }
}

/// A target in the JSON form of a request, where a link to a message is accepted.
#[derive(Debug)]
pub(crate) struct Addressee {
    pub(crate) target: Target,
    pub(crate) reply_to: Option<MessageId>,
}

impl<'de> Deserialize<'de> for Addressee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = if is_web_address(text.trim()) {
            text.parse().map(|link: TeamsLink| Self {
                reply_to: link.reply_to().cloned(),
                target: link.target,
            })
        } else {
            text.parse().map(|target| Self {
                target,
                reply_to: None,
            })
        };
        read.map_err(json::broken)
    }
}

/// Whether `text` is a web address, which no other target is.
pub(crate) fn is_web_address(text: &str) -> bool {
    let begins = |scheme: &str| {
        let head = text.get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    };
    begins("https://") || begins("http://")
}

impl FromStr for TeamsLink {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let link = read(text.trim()).ok_or(ParseTargetError::Link)?;
        // An id that was encoded twice, or that no target may have, is rejected as in any target.
        match link.target.to_string().parse::<Target>() {
            Ok(target) if target == link.target => Ok(link),
            Err(error @ ParseTargetError::Encoded(_)) => Err(error),
            _ => Err(ParseTargetError::Link),
        }
    }
}

fn read(text: &str) -> Option<TeamsLink> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| url.scheme() == "https")?;
    HOSTS.contains(&url.host_str()?).then_some(())?;
    let segments: Vec<String> = url.path_segments()?.map(decoded).collect();
    let mut segments = segments.iter().map(String::as_str);
    (segments.next() == Some("l")).then_some(())?;
    let (kind, id, rest) = (segments.next()?, segments.next()?, segments.next());
    let query = |name: &str| {
        let mut pairs = url.query_pairs();
        let (_, value) = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        (!value.is_empty()).then(|| value.into_owned())
    };
    let team = query("groupId");
    let place = |id: &str| match &team {
        _ if !id.starts_with("19:") => None,
        Some(team) => Some(Target::channel(
            TeamId::new(team.as_str()),
            ChannelId::new(id),
        )),
        None => Some(Target::conversation(ConversationId::new(id))),
    };
    let (target, message) = match kind {
        "channel" | "team" => (team.as_ref().and_then(|_| place(id))?, None),
        "chat" if id == "0" => (Target::user(only_user(&query("users")?)?), None),
        "chat" if id.starts_with("19:") => (Target::conversation(id), None),
        "message" => {
            let message = rest.filter(|it| !it.is_empty())?;
            (place(id)?, Some(MessageId::new(message)))
        }
        _ => return None,
    };
    let parent = query("parentMessageId").map(MessageId::from);
    Some(TeamsLink {
        target,
        parent: parent.filter(|_| message.is_some()),
        message,
    })
}

fn only_user(users: &str) -> Option<&str> {
    let user = users.trim();
    (!user.is_empty() && !user.contains(',')).then_some(user)
}
