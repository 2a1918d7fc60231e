//! The operations on teams, channels and users.

use ms_messenger_http::{Method, Operation};

pub(crate) static TEAM_LIST: Operation = Operation::read("team.list", "/me/joinedTeams")
    .with_permission("Team.ReadBasic.All")
    .with_function("GraphChatClient::joined_teams");

pub(crate) static TEAM_LIST_OF_USER: Operation =
    Operation::read("team.list_of_user", "/users/{user-id}/joinedTeams")
        .with_permission("Team.ReadBasic.All")
        .with_function("GraphChatClient::joined_teams_of");

pub(crate) static TEAM_GET: Operation = Operation::read("team.get", "/teams/{team-id}")
    .with_permission("Team.ReadBasic.All")
    .with_function("Team::get");

pub(crate) static TEAM_MEMBER_LIST: Operation =
    Operation::read("team.members.list", "/teams/{team-id}/members")
        .with_permission("TeamMember.Read.All")
        .with_function("Team::members");

pub(crate) static TEAM_MEMBER_GET: Operation = Operation::read(
    "team.members.get",
    "/teams/{team-id}/members/{membership-id}",
)
.with_permission("TeamMember.Read.All")
.with_function("Team::member");

pub(crate) static TAG_LIST: Operation = Operation::read("tags.list", "/teams/{team-id}/tags")
    .with_permission("TeamworkTag.Read")
    .with_function("Team::tags");

pub(crate) static CHANNEL_LIST: Operation =
    Operation::read("channel.list", "/teams/{team-id}/channels")
        .with_permission("Channel.ReadBasic.All")
        .with_function("Team::channels");

pub(crate) static CHANNEL_LIST_ALL: Operation =
    Operation::read("channel.list_all", "/teams/{team-id}/allChannels")
        .with_permission("Channel.ReadBasic.All")
        .with_function("Team::all_channels");

pub(crate) static CHANNEL_PRIMARY: Operation =
    Operation::read("channel.get_primary", "/teams/{team-id}/primaryChannel")
        .with_permission("Channel.ReadBasic.All")
        .with_function("Team::primary_channel");

pub(crate) static CHANNEL_GET: Operation =
    Operation::read("channel.get", "/teams/{team-id}/channels/{channel-id}")
        .with_permission("Channel.ReadBasic.All")
        .with_function("Channel::get");

pub(crate) static CHANNEL_MEMBER_LIST: Operation = Operation::read(
    "channel.members.list",
    "/teams/{team-id}/channels/{channel-id}/members",
)
.with_permission("ChannelMember.Read.All")
.with_function("Channel::members");

pub(crate) static CHANNEL_MEMBER_GET: Operation = Operation::read(
    "channel.members.get",
    "/teams/{team-id}/channels/{channel-id}/members/{membership-id}",
)
.with_permission("ChannelMember.Read.All")
.with_function("Channel::member");

pub(crate) static USER_ME: Operation = Operation::read("user.me", "/me")
    .with_permission("User.Read")
    .with_function("GraphChatClient::me");

pub(crate) static USER_LIST: Operation = Operation::read("user.list", "/users")
    .with_permission("User.ReadBasic.All")
    .with_function("GraphChatClient::find_user");

pub(crate) static USER_GET: Operation = Operation::read("user.get", "/users/{user-id}")
    .with_permission("User.ReadBasic.All")
    .with_function("GraphChatClient::user");

pub(crate) static TEAM_MEMBER_ADD: Operation = Operation::once(
    Method::POST,
    "team.members.add",
    "/teams/{team-id}/members",
    "a second call fails, because the user is a member already",
)
.with_permission("TeamMember.ReadWriteNonOwnerRole.All")
.with_function("Team::add_member")
.with_doubt("the user may be a member: list the members before the next attempt");

pub(crate) static TEAM_MEMBER_REMOVE: Operation = Operation::repeatable(
    Method::DELETE,
    "team.members.remove",
    "/teams/{team-id}/members/{membership-id}",
    "a member that was removed stays removed",
)
.with_permission("TeamMember.ReadWriteNonOwnerRole.All")
.with_function("Team::remove_member");

pub(crate) static CHANNEL_CREATE: Operation = Operation::once(
    Method::POST,
    "channel.create",
    "/teams/{team-id}/channels",
    "a second call fails, because the name is taken",
)
.with_permission("Channel.Create")
.with_function("Team::create_channel")
.with_doubt("the channel may exist: list the channels before the next attempt");

pub(crate) static CHANNEL_UPDATE: Operation = Operation::repeatable(
    Method::PATCH,
    "channel.update",
    "/teams/{team-id}/channels/{channel-id}",
    "it sets values: a second call sets the same",
)
.with_permission("ChannelSettings.ReadWrite.All")
.with_function("Channel::update");

pub(crate) static CHANNEL_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "channel.delete",
    "/teams/{team-id}/channels/{channel-id}",
    "a channel that was deleted stays deleted",
)
.with_permission("Channel.Delete.All")
.with_function("Channel::delete");

pub(crate) static CHANNEL_MEMBER_ADD: Operation = Operation::once(
    Method::POST,
    "channel.members.add",
    "/teams/{team-id}/channels/{channel-id}/members",
    "a second call fails, because the user is a member already",
)
.with_permission("ChannelMember.ReadWrite.All")
.with_function("Channel::add_member")
.with_doubt("the user may be a member: list the members before the next attempt");

pub(crate) static CHANNEL_MEMBER_REMOVE: Operation = Operation::repeatable(
    Method::DELETE,
    "channel.members.remove",
    "/teams/{team-id}/channels/{channel-id}/members/{membership-id}",
    "a member that was removed stays removed",
)
.with_permission("ChannelMember.ReadWrite.All")
.with_function("Channel::remove_member");
