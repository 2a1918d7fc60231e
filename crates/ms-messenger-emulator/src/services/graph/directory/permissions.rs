//! The permissions of the directory's operations.

use crate::services::graph::{
    directory::routes::{Call, Feed, Group, Op, PathUser},
    permission::Permissions,
};

const fn any_of(
    delegated: &'static [&'static str],
    application: &'static [&'static str],
) -> Permissions {
    Permissions {
        delegated,
        application,
    }
}

const CHAT_CREATE: Permissions = any_of(&["Chat.Create", "Chat.ReadWrite"], &["Chat.Create"]);
const CHAT_LIST: Permissions = any_of(
    &["Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"],
    &["Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All"],
);
const CHAT_GET: Permissions = any_of(
    &["Chat.ReadBasic", "Chat.ReadWrite", "Chat.Read"],
    &[
        "Chat.ReadBasic.All",
        "ChatSettings.ReadWrite.Chat",
        "Chat.Manage.Chat",
        "Chat.Read.All",
        "Chat.ReadWrite.All",
        "ChatSettings.Read.Chat",
    ],
);
const CHAT_GET_OF_USER: Permissions = any_of(
    &["Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"],
    &[
        "Chat.ReadBasic.WhereInstalled",
        "Chat.Manage.Chat",
        "Chat.Read.All",
        "Chat.ReadBasic.All",
        "Chat.ReadWrite.All",
        "ChatSettings.Read.Chat",
        "ChatSettings.ReadWrite.Chat",
    ],
);
const CHAT_UPDATE: Permissions = any_of(
    &["Chat.ReadWrite"],
    &["ChatSettings.ReadWrite.Chat", "Chat.ReadWrite.All"],
);
const CHAT_MEMBERS: Permissions = any_of(
    &[
        "Chat.ReadBasic",
        "ChatMember.ReadWrite",
        "Chat.Read",
        "Chat.ReadWrite",
        "ChatMember.Read",
    ],
    &[
        "Chat.Manage.Chat",
        "ChatMember.Read.All",
        "Chat.Read.All",
        "Chat.ReadBasic.All",
        "Chat.ReadWrite.All",
        "ChatMember.Read.Chat",
        "ChatMember.ReadWrite.All",
    ],
);
const CHAT_MEMBERS_CHANGE: Permissions = any_of(
    &["ChatMember.ReadWrite", "Chat.ReadWrite"],
    &[
        "Chat.Manage.Chat",
        "Chat.ReadWrite.All",
        "ChatMember.ReadWrite.All",
    ],
);
const CHANNEL_MEMBERS: Permissions = any_of(
    &[
        "ChannelMember.Read.All",
        "ChannelMember.ReadWrite.All",
        "Group.Read.All",
    ],
    &[
        "ChannelMember.Read.Group",
        "ChannelMember.Read.All",
        "ChannelMember.ReadWrite.All",
        "ChannelMember.ReadWrite.Group",
    ],
);
const CHANNEL_MEMBERS_CHANGE: Permissions = any_of(
    &["ChannelMember.ReadWrite.All"],
    &[
        "ChannelMember.ReadWrite.Group",
        "ChannelMember.ReadWrite.All",
    ],
);
const TEAM_MEMBERS: Permissions = any_of(
    &["TeamMember.Read.All", "TeamMember.ReadWrite.All"],
    &[
        "TeamMember.Read.Group",
        "TeamMember.ReadWrite.All",
        "TeamMember.Read.All",
    ],
);
const TEAM_MEMBERS_CHANGE: Permissions = any_of(
    &[
        "TeamMember.ReadWriteNonOwnerRole.All",
        "TeamMember.ReadWrite.All",
    ],
    &[
        "TeamMember.ReadWriteNonOwnerRole.All",
        "TeamMember.ReadWrite.All",
    ],
);
const PIN_LIST: Permissions = any_of(
    &["Chat.Read", "Chat.ReadWrite"],
    &[
        "Chat.ReadWrite.All",
        "ChatMessage.Read.All",
        "Chat.Read.All",
    ],
);
const PIN_ADD: Permissions = any_of(
    &["ChatMessage.Send", "Chat.ReadWrite"],
    &["Chat.ReadWrite.All"],
);
const PIN_REMOVE: Permissions = any_of(&["Chat.ReadWrite"], &["Chat.ReadWrite.All"]);
const JOINED_TEAMS: Permissions = any_of(
    &[
        "Team.ReadBasic.All",
        "AgentIdUser.ReadWrite.All",
        "AgentIdUser.ReadWrite.IdentityParentedBy",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "TeamSettings.Read.All",
        "TeamSettings.ReadWrite.All",
        "User.Read.All",
        "User.ReadWrite.All",
    ],
    &[
        "Team.ReadBasic.All",
        "AgentIdUser.ReadWrite.All",
        "AgentIdUser.ReadWrite.IdentityParentedBy",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "TeamSettings.Read.All",
        "TeamSettings.ReadWrite.All",
        "User.Read.All",
        "User.ReadWrite.All",
    ],
);
const TEAM_GET: Permissions = any_of(
    &[
        "Team.ReadBasic.All",
        "TeamSettings.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "TeamSettings.Read.All",
    ],
    &[
        "TeamSettings.Read.Group",
        "TeamSettings.ReadWrite.Group",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
        "Team.ReadBasic.All",
        "TeamSettings.Read.All",
        "TeamSettings.ReadWrite.All",
    ],
);
const CHANNEL_LIST: Permissions = any_of(
    &[
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
    &[
        "ChannelSettings.Read.Group",
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
        "ChannelSettings.ReadWrite.Group",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
        "Group.Read.All",
        "Group.ReadWrite.All",
    ],
);
const CHANNEL_LIST_ALL: Permissions = any_of(
    &[
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
    ],
    &[
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
    ],
);
const CHANNEL_PRIMARY: Permissions = any_of(
    &[
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
    ],
    &[
        "ChannelSettings.Read.Group",
        "Channel.ReadBasic.All",
        "ChannelSettings.Read.All",
        "ChannelSettings.ReadWrite.All",
        "ChannelSettings.ReadWrite.Group",
    ],
);
const CHANNEL_CREATE: Permissions = any_of(
    &[
        "Channel.Create",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
    ],
    &[
        "Channel.Create.Group",
        "Channel.Create",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
        "Teamwork.Migrate.All",
    ],
);
const CHANNEL_UPDATE: Permissions = any_of(
    &[
        "ChannelSettings.ReadWrite.All",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
    ],
    &[
        "ChannelSettings.ReadWrite.Group",
        "ChannelSettings.ReadWrite.All",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
    ],
);
const CHANNEL_DELETE: Permissions = any_of(
    &[
        "Channel.Delete.All",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
    ],
    &[
        "Channel.Delete.Group",
        "Channel.Delete.All",
        "Directory.ReadWrite.All",
        "Group.ReadWrite.All",
    ],
);
const TAGS: Permissions = any_of(
    &["TeamworkTag.Read", "TeamworkTag.ReadWrite"],
    &["TeamworkTag.Read.All", "TeamworkTag.ReadWrite.All"],
);
const USERS: Permissions = any_of(
    &[
        "User.ReadBasic.All",
        "User.Read.All",
        "User.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
    &[
        "User.ReadBasic.All",
        "User.Read.All",
        "User.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
);
const USER: Permissions = any_of(
    &[
        "User.Read",
        "User.ReadBasic.All",
        "User.ReadWrite",
        "User.Read.All",
        "User.ReadWrite.All",
    ],
    &["User.Read.All", "User.ReadWrite.All"],
);
const NOTIFY_USER: Permissions = any_of(
    &["TeamsActivity.Send"],
    &["TeamsActivity.Send.User", "TeamsActivity.Send"],
);
const NOTIFY_CHAT: Permissions = any_of(
    &["TeamsActivity.Send"],
    &["TeamsActivity.Send.Chat", "TeamsActivity.Send"],
);
const NOTIFY_TEAM: Permissions = any_of(
    &["TeamsActivity.Send"],
    &["TeamsActivity.Send.Group", "TeamsActivity.Send"],
);

/// The permissions of `call`, any one of which allows it.
pub(crate) fn of(call: &Call) -> Permissions {
    match &call.op {
        Op::ChatCreate => CHAT_CREATE,
        Op::ChatList => CHAT_LIST,
        Op::ChatGet(_) if call.path_user == PathUser::Open => CHAT_GET,
        Op::ChatGet(_) => CHAT_GET_OF_USER,
        Op::ChatUpdate(_) => CHAT_UPDATE,
        Op::MemberList(group) | Op::MemberGet(group, _) => match group {
            Group::Chat(_) => CHAT_MEMBERS,
            Group::Team(_) => TEAM_MEMBERS,
            Group::Channel(..) => CHANNEL_MEMBERS,
        },
        Op::MemberAdd(group) | Op::MemberRemove(group, _) => match group {
            Group::Chat(_) => CHAT_MEMBERS_CHANGE,
            Group::Team(_) => TEAM_MEMBERS_CHANGE,
            Group::Channel(..) => CHANNEL_MEMBERS_CHANGE,
        },
        Op::WriteUnderUser => CHAT_MEMBERS_CHANGE,
        Op::PinList(_) => PIN_LIST,
        Op::PinAdd(_) => PIN_ADD,
        Op::PinRemove(..) => PIN_REMOVE,
        Op::TeamList => JOINED_TEAMS,
        Op::TeamGet(_) => TEAM_GET,
        Op::ChannelList(_) | Op::ChannelGet(..) => CHANNEL_LIST,
        Op::ChannelListAll(_) => CHANNEL_LIST_ALL,
        Op::ChannelPrimary(_) => CHANNEL_PRIMARY,
        Op::ChannelCreate(_) => CHANNEL_CREATE,
        Op::ChannelUpdate(..) => CHANNEL_UPDATE,
        Op::ChannelDelete(..) => CHANNEL_DELETE,
        Op::TagList(_) => TAGS,
        Op::UserGet => USER,
        Op::UserList => USERS,
        Op::Notify(Feed::User | Feed::Recipients) => NOTIFY_USER,
        Op::Notify(Feed::Chat(_)) => NOTIFY_CHAT,
        Op::Notify(Feed::Team(_)) => NOTIFY_TEAM,
    }
}
