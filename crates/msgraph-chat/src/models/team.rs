//! Teams, channels and tags. Sources: Graph `team`, `channel` and `teamworkTag`.

use ms_messenger_core::{ChannelId, TeamId, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    chat::MigrationMode, member::ConversationMember, nullable::nullable, scalar::Timestamp,
};

open_enum! {
    /// The kind of a channel.
    pub enum MembershipType {
        /// All members of the team are members of the channel.
        Standard = "standard",
        /// The channel has members of its own, all of the team.
        Private = "private",
        /// The channel has members of its own, also from outside of the team.
        Shared = "shared",
    }
}

open_enum! {
    /// The form in which a channel shows its messages.
    pub enum LayoutType {
        /// Posts with replies.
        Post = "post",
        /// One message after the other, as in a chat.
        Chat = "chat",
    }
}

/// A team.
///
/// A list of joined teams has only id, name and description; [`Team::get`](crate::Team::get) reads
/// the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TeamInfo {
    /// The id, a GUID.
    pub id: TeamId,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// `private`, `public` or `hiddenMembership`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// A link to the team in Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// Whether it is archived, so that nothing can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    /// The id of its tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A channel of a team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChannelInfo {
    /// The id, e.g. `19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2`.
    pub id: ChannelId,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The time of creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership_type: Option<MembershipType>,
    /// The form in which it shows its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout_type: Option<LayoutType>,
    /// Whether all members of the team see it in their lists without asking for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_favorite_by_default: Option<bool>,
    /// Whether it is archived, so that nothing can be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_archived: Option<bool>,
    /// The mail address of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A link to the channel in Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_url: Option<String>,
    /// The id of its tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Whether messages are being imported; absent for a channel that was never migrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration_mode: Option<MigrationMode>,
    /// The time of creation before a migration changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_created_date_time: Option<Timestamp>,
    /// The members, in responses to a request that expands them.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "nullable"
    )]
    pub members: Vec<ConversationMember>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A tag of a team, which [`Mention::tag`](crate::Mention::tag) mentions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TeamworkTag {
    /// The id; opaque.
    pub id: String,
    /// The id of its team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The number of users that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u32>,
    /// `standard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_type: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
