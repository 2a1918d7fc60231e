//! Members of chats, teams and channels. Source: Graph `aadUserConversationMember`.

use ms_messenger_core::{UserId, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{nullable::nullable, scalar::Timestamp};

open_enum! {
    /// The role of a member. An ordinary member of a team has none.
    pub enum MemberRole {
        /// An owner. Every member of a chat that is no guest has this role.
        Owner = "owner",
        /// A guest of the tenant.
        Guest = "guest",
    }
}

/// A member of a chat, team or channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConversationMember {
    /// The OData type; that of a user of the directory is
    /// `#microsoft.graph.aadUserConversationMember`.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The id of the membership, by which it is read and removed. It is opaque and not that of the
    /// user.
    pub id: String,
    /// The roles.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "nullable"
    )]
    pub roles: Vec<MemberRole>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The id of the user, a GUID; absent for a member that is no user of a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The mail address of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The id of the user's tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The time from which the member sees messages; that of the year 1 for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_history_start_date_time: Option<Timestamp>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
