//! Who did something, or is spoken of. Source: Graph `identitySet` and `teamworkUserIdentity`.

use ms_messenger_core::open_enum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

open_enum! {
    /// The kind of a user.
    pub enum UserIdentityType {
        /// A user of the directory.
        AadUser = "aadUser",
        /// A user of a directory on premises.
        OnPremiseAadUser = "onPremiseAadUser",
        /// A guest without a name.
        AnonymousGuest = "anonymousGuest",
        /// A user of another organisation.
        FederatedUser = "federatedUser",
        /// A personal account.
        PersonalMicrosoftAccountUser = "personalMicrosoftAccountUser",
        /// A user of Skype.
        SkypeUser = "skypeUser",
        /// A telephone.
        PhoneUser = "phoneUser",
        /// An e-mail address.
        EmailUser = "emailUser",
    }
}

open_enum! {
    /// The kind of an application.
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
    /// The kind of a conversation.
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
    /// The type that the service names.
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
    /// The tenant.
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
    /// The type that the service names.
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
    /// The type that the service names.
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
    /// The type that the service names.
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

/// Who did something: at most one of them is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct IdentitySet {
    /// The type that the service names.
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

/// Who is mentioned: exactly one of them is there. `tag` stands in answers of v1.0 although its schema lacks it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct MentionedIdentitySet {
    /// An application, as a bot is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationIdentity>,
    /// A device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Identity>,
    /// A user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserIdentity>,
    /// A team, a channel, or everybody in a chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationIdentity>,
    /// A tag of a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Identity>,
    /// Members that this version does not know, kept as they were read.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
