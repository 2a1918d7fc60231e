//! Who or what takes part: identifiers of users, telephones and applications.

use std::fmt;

use ms_messenger_core::{Problems, open_enum};
use ms_messenger_http::check_id;

open_enum! {
    /// The cloud that a Teams identity belongs to.
    pub enum CommunicationCloud {
        /// The public cloud.
        Public = "public",
        /// The cloud of the United States Department of Defense.
        Dod = "dod",
        /// The Government Community Cloud High.
        Gcch = "gcch",
    }
}

/// The identifier of a participant: its raw id, and what that names. A raw id converts into it.
///
/// ```
/// use acs_chat::{CommunicationIdentifier, IdentifierKind};
///
/// let user = CommunicationIdentifier::from("8:acs:11111111_22222222");
/// assert!(matches!(user.kind, IdentifierKind::CommunicationUser { .. }));
/// let teams = CommunicationIdentifier::teams_user("45ab2481-1c1c-4005-be24-0ffb879b1130");
/// assert_eq!(teams.raw_id, "8:orgid:45ab2481-1c1c-4005-be24-0ffb879b1130");
/// assert_eq!(
///     serde_json::to_string(&user)?,
///     r#"{"rawId":"8:acs:11111111_22222222","communicationUser":{"id":"8:acs:11111111_22222222"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CommunicationIdentifier {
    /// The text form, e.g. `8:acs:RESOURCE_USER`, by which identifiers are compared.
    pub raw_id: String,
    /// What it names.
    pub kind: IdentifierKind,
}

/// What an identifier names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierKind {
    /// A user of an ACS resource.
    #[non_exhaustive]
    CommunicationUser {
        /// The id of the user, which is the raw id.
        id: String,
    },
    /// A telephone.
    #[non_exhaustive]
    PhoneNumber {
        /// The number, E.164.
        value: String,
        /// Whether the number is withheld.
        is_anonymous: bool,
        /// Distinguishes callers with the same number.
        asserted_id: Option<String>,
    },
    /// A Teams user.
    #[non_exhaustive]
    MicrosoftTeamsUser {
        /// The object id in Entra ID; for a guest without an account, the id of the visit.
        user_id: String,
        /// Whether the user has no account.
        is_anonymous: bool,
        /// The cloud of the account.
        cloud: CommunicationCloud,
    },
    /// A Teams application.
    #[non_exhaustive]
    MicrosoftTeamsApp {
        /// The id of the application.
        app_id: String,
        /// The cloud of the application.
        cloud: CommunicationCloud,
    },
    /// A Teams user of an ACS resource that extends Teams Phone. Since 2025-03-15.
    #[non_exhaustive]
    TeamsExtensionUser {
        /// The object id of the user in Entra ID.
        user_id: String,
        /// The id of the tenant.
        tenant_id: String,
        /// The id of the resource.
        resource_id: String,
        /// The cloud of the account.
        cloud: CommunicationCloud,
    },
    /// Something that this version does not know; the raw id is all there is.
    Unknown,
}

impl CommunicationIdentifier {
    /// A user of an ACS resource, by the id that ACS Identity gave it.
    pub fn user(id: impl Into<String>) -> Self {
        let id = id.into();
        Self {
            raw_id: id.clone(),
            kind: IdentifierKind::CommunicationUser { id },
        }
    }

    /// A Teams user of the public cloud, by the object id in Entra ID. For another cloud, convert
    /// the raw id.
    pub fn teams_user(user_id: impl Into<String>) -> Self {
        IdentifierKind::MicrosoftTeamsUser {
            user_id: user_id.into(),
            is_anonymous: false,
            cloud: CommunicationCloud::Public,
        }
        .into_identifier()
    }

    /// A Teams application of the public cloud.
    pub fn teams_app(app_id: impl Into<String>) -> Self {
        IdentifierKind::MicrosoftTeamsApp {
            app_id: app_id.into(),
            cloud: CommunicationCloud::Public,
        }
        .into_identifier()
    }

    /// A telephone, by its number, E.164.
    pub fn phone(number: impl Into<String>) -> Self {
        Self::from(format!("4:{}", number.into()))
    }

    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        check_id(&self.raw_id, field, problems);
    }
}

impl IdentifierKind {
    pub(super) fn into_identifier(self) -> CommunicationIdentifier {
        CommunicationIdentifier {
            raw_id: self.raw_id(),
            kind: self,
        }
    }
}

impl fmt::Display for CommunicationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw_id)
    }
}

impl From<String> for CommunicationIdentifier {
    fn from(raw_id: String) -> Self {
        let kind = IdentifierKind::of(&raw_id);
        Self { raw_id, kind }
    }
}

impl From<&str> for CommunicationIdentifier {
    fn from(raw_id: &str) -> Self {
        Self::from(raw_id.to_owned())
    }
}

impl From<&Self> for CommunicationIdentifier {
    fn from(identifier: &Self) -> Self {
        identifier.clone()
    }
}
