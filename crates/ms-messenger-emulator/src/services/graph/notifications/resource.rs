//! What a subscription watches.

use crate::{
    services::graph::{
        directory::store::Store as Directory, error::GraphError, permission::Permissions,
        place::Place,
    },
    wire::path::decode_segment,
};

/// What a subscription watches: the messages of one place, or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    In(Place),
    /// All chats of a user, by object id or principal name; `None` is the signed-in user.
    ChatsOf(Option<String>),
    AllChats,
    AllChannels,
}

const CHANNEL: Permissions = Permissions {
    delegated: &[
        "ChannelMessage.Read.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
    application: &["ChannelMessage.Read.Group", "ChannelMessage.Read.All"],
};
const CHAT: Permissions = Permissions {
    delegated: &["Chat.Read", "Chat.ReadWrite"],
    application: &[
        "ChatMessage.Read.Chat",
        "Chat.Read.All",
        "Chat.ReadWrite.All",
    ],
};
const ALL_CHATS: Permissions = Permissions {
    delegated: &[],
    application: &["Chat.Read.All", "Chat.ReadWrite.All"],
};
const ALL_CHANNELS: Permissions = Permissions {
    delegated: &[],
    application: &["ChannelMessage.Read.All"],
};

impl Watch {
    /// Reads the path of a resource, with or without a slash in front.
    pub(crate) fn parse(resource: &str) -> Result<Self, GraphError> {
        let unknown = || {
            let message = "The resource of the subscription is not supported.";
            GraphError::bad_request(message)
        };
        let segments: Vec<&str> = resource.trim_start_matches('/').split('/').collect();
        let text = |segment: &str| decode_segment(segment).ok_or_else(unknown);
        let watch = match segments.as_slice() {
            ["chats", "getAllMessages"] => Self::AllChats,
            ["teams", "getAllMessages"] => Self::AllChannels,
            ["me", "chats", "getAllMessages"] => Self::ChatsOf(None),
            ["users", user, "chats", "getAllMessages"] => {
                Self::ChatsOf(Some(text(user)?.to_ascii_lowercase()))
            }
            ["chats", chat, "messages"] => Self::In(Place::Chat { chat: text(chat)? }),
            ["teams", team, "channels", channel, "messages"] => Self::In(Place::Channel {
                team: text(team)?,
                channel: text(channel)?,
            }),
            _ => return Err(unknown()),
        };
        match watch {
            Self::In(place) => Ok(Self::In(place.well_formed()?)),
            watch => Ok(watch),
        }
    }

    /// The permissions that allow it.
    pub(crate) const fn permissions(&self) -> &'static Permissions {
        match self {
            Self::In(Place::Channel { .. }) => &CHANNEL,
            Self::In(Place::Chat { .. }) | Self::ChatsOf(_) => &CHAT,
            Self::AllChats => &ALL_CHATS,
            Self::AllChannels => &ALL_CHANNELS,
        }
    }

    /// Whether it watches that place; users are named by their object ids.
    pub(crate) fn covers(&self, place: &Place, directory: &Directory) -> bool {
        match self {
            Self::In(own) => own == place,
            Self::ChatsOf(user) => {
                let is_in = |user: &String| directory.is_member(place, user);
                !place.is_channel() && user.as_ref().is_some_and(is_in)
            }
            Self::AllChats => !place.is_channel(),
            Self::AllChannels => place.is_channel(),
        }
    }
}
