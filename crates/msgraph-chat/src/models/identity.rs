//! Identities of users, applications and conversations. Source: Graph `identitySet` and
//! `teamworkUserIdentity`.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

open_enum! {
    /// The kind of a user identity.
    pub enum UserIdentityType {
        /// A user of the directory.
        AadUser = "aadUser",
        /// A user of a directory on premises.
        OnPremiseAadUser = "onPremiseAadUser",
        /// An anonymous guest.
        AnonymousGuest = "anonymousGuest",
        /// A user of a federated organisation.
        FederatedUser = "federatedUser",
        /// A personal account.
        PersonalMicrosoftAccountUser = "personalMicrosoftAccountUser",
        /// A Skype user.
        SkypeUser = "skypeUser",
        /// A telephone number.
        PhoneUser = "phoneUser",
        /// An e-mail address.
        EmailUser = "emailUser",
    }
}

open_enum! {
    /// The kind of an application identity.
    pub enum ApplicationIdentityType {
        /// An application of the directory.
        AadApplication = "aadApplication",
        /// A bot.
        Bot = "bot",
        /// A bot of the tenant.
        TenantBot = "tenantBot",
        /// A connector.
        Office365Connector = "office365Connector",
        /// An outgoing webhook.
        OutgoingWebhook = "outgoingWebhook",
    }
}

open_enum! {
    /// The kind of a conversation identity.
    pub enum ConversationIdentityType {
        /// A team.
        Team = "team",
        /// A channel.
        Channel = "channel",
        /// A chat.
        Chat = "chat",
    }
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct UserIdentity {
    /// The OData type.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_identity_type: Option<UserIdentityType>,
    /// The id of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ApplicationIdentity {
    /// The OData type.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_identity_type: Option<ApplicationIdentityType>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A team, channel or chat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ConversationIdentity {
    /// The OData type.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_identity_type: Option<ConversationIdentityType>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A device or a tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Identity {
    /// The OData type.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The identity behind an action: at most one member is set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct IdentitySet {
    /// The OData type.
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    pub odata_type: Option<String>,
    /// An application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationIdentity>,
    /// A device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Identity>,
    /// A user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserIdentity>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The identity that is mentioned: exactly one member is set. Responses of v1.0 have `tag`,
/// although its schema does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct MentionedIdentitySet {
    /// An application, such as a bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationIdentity>,
    /// A device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Identity>,
    /// A user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserIdentity>,
    /// A team, a channel, or all members of a chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationIdentity>,
    /// A tag of a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Identity>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
