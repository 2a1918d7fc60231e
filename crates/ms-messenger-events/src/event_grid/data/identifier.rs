//! The participants of a chat.

use serde::{Deserialize, Serialize};

/// The identity of a participant. `raw_id` identifies every kind; the other members are there for
/// the kind that they describe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct CommunicationIdentifier {
    /// The id in the form that every kind has, e.g. `8:acs:…`, `4:+14255550123`, `8:orgid:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_id: Option<String>,
    /// A user of an ACS resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub communication_user: Option<UserIdentifier>,
    /// A telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<PhoneNumberIdentifier>,
    /// A user of Microsoft Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub microsoft_teams_user: Option<TeamsUserIdentifier>,
}

impl CommunicationIdentifier {
    /// Returns the id in the form that every kind has, from whichever member has it.
    pub fn id(&self) -> Option<&str> {
        let user = || self.communication_user.as_ref().map(|it| it.id.as_str());
        self.raw_id.as_deref().or_else(user)
    }
}

/// A user of an ACS resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UserIdentifier {
    /// The id, `8:acs:…`.
    pub id: String,
}

/// A telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PhoneNumberIdentifier {
    /// The number in E.164.
    pub value: String,
}

/// A user of Microsoft Teams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct TeamsUserIdentifier {
    /// The id of the user in the directory.
    pub user_id: String,
    /// Whether the user takes part without an account.
    pub is_anonymous: bool,
    /// The cloud of the user: `public`, `dod`, `gcch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<String>,
}
