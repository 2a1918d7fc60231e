//! Mentions, reactions, pictures, history and policy of a message. Sources: Graph `chatMessageMention`, `chatMessageReaction`, `chatMessageHistoryItem`, `chatMessageHostedContent`, `chatMessagePolicyViolation`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    identity::{IdentitySet, MentionedIdentitySet},
    nullable::nullable,
    scalar::{Flags, Timestamp},
};

/// A mention. The `<at>` marker with its id has the same text.
///
/// [`Mention`](crate::Mention) writes it and its marker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessageMention {
    /// The id that the `<at>` marker names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    /// The text of the marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention_text: Option<String>,
    /// The mentioned user, application, conversation or tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentioned: Option<MentionedIdentitySet>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A picture within a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HostedContent {
    /// The id by which the body of a request refers to it.
    #[serde(
        rename = "@microsoft.graph.temporaryId",
        skip_serializing_if = "Option::is_none"
    )]
    pub temporary_id: Option<String>,
    /// The id in responses; opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The bytes in Base64; null in responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_bytes: Option<String>,
    /// The media type; null in responses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A reaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ChatMessageReaction {
    /// The emoji, `custom`, or an older name such as `like`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction_type: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of the picture of a custom reaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction_content_url: Option<String>,
    /// The time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<Timestamp>,
    /// The user or application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<IdentitySet>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A change of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct MessageHistoryItem {
    /// The time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_date_time: Option<Timestamp>,
    /// `reactionAdded`, `reactionRemoved`, `actionUndefined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Flags>,
    /// The reaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction: Option<ChatMessageReaction>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The explanation that a policy shows to the user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PolicyTip {
    /// The address of further information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance_url: Option<String>,
    /// The explanation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub general_text: Option<String>,
    /// The conditions that matched.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "nullable")]
    pub matched_condition_descriptions: Vec<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The violation of a policy by a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PolicyViolation {
    /// `none`, `notifySender`, `blockAccess`, `blockAccessExternal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dlp_action: Option<Flags>,
    /// The reason that the user gave for overriding it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justification_text: Option<String>,
    /// The explanation for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_tip: Option<PolicyTip>,
    /// `none`, `override`, `reportFalsePositive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_action: Option<Flags>,
    /// `none`, `allowFalsePositiveOverride`, `allowOverrideWithoutJustification`, `allowOverrideWithJustification`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict_details: Option<Flags>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
