//! The types of the wire. Source: Azure Communication Services REST API, "Communication
//! Identity", versions 2023-10-01 and 2025-06-30.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{AccessToken, ErrorKind, Problems, Result, open_enum};
use ms_messenger_http::acs::read_time;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::expiry;

/// The shortest lifetime of a token, in minutes.
pub const MIN_EXPIRES_IN_MINUTES: u32 = 60;
/// The longest lifetime of a token, in minutes: a day. It is the default of the service.
pub const MAX_EXPIRES_IN_MINUTES: u32 = 1440;

open_enum! {
    /// The version of the API that a client uses.
    pub enum IdentityApiVersion {
        /// The newest stable version.
        V2025_06_30 = "2025-06-30",
        /// The stable version before it, which the published SDKs for JavaScript and Python use.
        V2023_10_01 = "2023-10-01",
    }
}

open_enum! {
    /// What a token permits.
    pub enum TokenScope {
        /// Everything in Chat.
        Chat = "chat",
        /// Chat in the threads that the user is in: everything except creating, changing and
        /// deleting them.
        ChatJoin = "chat.join",
        /// Messages, receipts and reading in the threads that the user is in.
        ChatJoinLimited = "chat.join.limited",
        /// Calls.
        Voip = "voip",
        /// Joining calls, without starting any.
        VoipJoin = "voip.join",
    }
}

/// The id of a user of a resource, its raw id: `8:acs:RESOURCE_USER`.
///
/// ```
/// use acs_identity::CommunicationUserId;
///
/// let id = CommunicationUserId::new("8:acs:11111111_22222222");
/// assert_eq!(id.as_str(), id.to_string());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommunicationUserId(String);

impl CommunicationUserId {
    /// Wraps an id as the service gave it. Its form is not checked here; an empty id is refused
    /// when a call is made.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id as the service gave it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        problems.add_if(self.0.is_empty(), "user", "must not be empty");
    }
}

impl fmt::Display for CommunicationUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for CommunicationUserId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&Self> for CommunicationUserId {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}

impl From<&str> for CommunicationUserId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for CommunicationUserId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

/// The scopes and lifetime of a requested token.
///
/// ```
/// use acs_identity::{TokenOptions, TokenScope};
///
/// let options = TokenOptions::new([TokenScope::Chat]).with_expires_in_minutes(60);
/// assert!(options.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenOptions {
    /// What it permits; at least one scope.
    pub scopes: Vec<TokenScope>,
    /// Its lifetime in minutes, from 60 to 1440; 1440 when absent.
    pub expires_in_minutes: Option<u32>,
}

impl TokenOptions {
    /// A token with `scopes` that is valid for a day.
    pub fn new(scopes: impl IntoIterator<Item = TokenScope>) -> Self {
        Self {
            scopes: scopes.into_iter().collect(),
            expires_in_minutes: None,
        }
    }

    /// A token for everything in Chat.
    #[must_use]
    pub fn chat() -> Self {
        Self::new([TokenScope::Chat])
    }

    /// Sets its lifetime in minutes, from 60 to 1440.
    #[must_use]
    pub fn with_expires_in_minutes(mut self, minutes: u32) -> Self {
        self.expires_in_minutes = Some(minutes);
        self
    }

    /// Checks the options, before any I/O.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` that names every rule that they break.
    pub fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        self.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        let rule = "must name at least one scope, e.g. chat";
        problems.add_if(self.scopes.is_empty(), "scopes", rule);
        for (i, scope) in self.scopes.iter().enumerate() {
            let empty = scope.as_str().is_empty();
            problems.add_if(empty, &format!("scopes[{i}]"), "must not be empty");
        }
        let life = MIN_EXPIRES_IN_MINUTES..=MAX_EXPIRES_IN_MINUTES;
        let outside = self.expires_in_minutes.is_some_and(|m| !life.contains(&m));
        let rule = format!("must be {MIN_EXPIRES_IN_MINUTES} to {MAX_EXPIRES_IN_MINUTES}");
        problems.add_if(outside, "expires_in_minutes", &rule);
    }
}

/// The body of a creation. Without scopes no token is issued.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateIdentity<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) create_token_with_scopes: Option<&'a [TokenScope]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_in_minutes: Option<u32>,
}

/// The body of an issue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssueAccessToken<'a> {
    pub(crate) scopes: &'a [TokenScope],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_in_minutes: Option<u32>,
}

/// The token of a Teams user, to be exchanged for one of ACS. `Debug` does not show it.
///
/// ```
/// use acs_identity::TeamsUserToken;
///
/// let user = TeamsUserToken::new("eyJ0eXAi", "the-application", "the-user");
/// assert!(!format!("{user:?}").contains("eyJ0eXAi"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TeamsUserToken {
    /// The Entra ID token of the user, with the permissions of Teams that the application has.
    pub token: SecretString,
    /// The id of the application that the token was issued for.
    pub app_id: String,
    /// The object id of the user in Entra ID.
    pub user_id: String,
}

impl TeamsUserToken {
    /// The Entra ID token `token` of the user with the object id `user_id`, issued for the
    /// application `app_id`.
    pub fn new(
        token: impl Into<SecretString>,
        app_id: impl Into<String>,
        user_id: impl Into<String>,
    ) -> Self {
        Self {
            token: token.into(),
            app_id: app_id.into(),
            user_id: user_id.into(),
        }
    }

    pub(crate) fn find_problems(&self, problems: &mut Problems) {
        for (field, value) in [
            ("token", self.token.expose_secret()),
            ("app_id", &self.app_id),
            ("user_id", &self.user_id),
        ] {
            problems.add_if(value.is_empty(), field, "must not be empty");
        }
    }
}

/// The body of an exchange.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExchangeTeamsUserToken<'a> {
    token: &'a str,
    app_id: &'a str,
    user_id: &'a str,
}

impl<'a> From<&'a TeamsUserToken> for ExchangeTeamsUserToken<'a> {
    fn from(of: &'a TeamsUserToken) -> Self {
        Self {
            token: of.token.expose_secret(),
            app_id: &of.app_id,
            user_id: &of.user_id,
        }
    }
}

/// A user that was created.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CreatedUser {
    /// The id of the user.
    pub id: CommunicationUserId,
    /// The token, when one was requested.
    pub token: Option<UserToken>,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
    /// Other members of the user in the response, kept as they were read.
    pub properties: Map<String, Value>,
    /// Members of the response itself that this version does not know, kept as they were read.
    pub other: Map<String, Value>,
}

/// A user access token and its expiry. `Debug` shows neither the token nor the unknown members of
/// the response.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct UserToken {
    /// The token, with its expiry: that of `expiresOn`, or else that of its own claim `exp`.
    pub token: AccessToken,
    /// Members of the response that this version does not know, kept as they were read.
    pub other: Map<String, Value>,
}

impl UserToken {
    /// Returns when it expires, if the response says so.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.token.expires_at()
    }

    /// Returns how long it is still valid; zero when it has expired, `None` when its expiry is not
    /// known.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let end = self.expires_at()?;
        Some(end.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// The body of a success of a creation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateIdentityResult {
    pub(crate) identity: Identity,
    pub(crate) access_token: Option<TokenResult>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

#[derive(Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: CommunicationUserId,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// The body of a success with a token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenResult {
    token: String,
    /// Any value: a time that cannot be read must not cost the token.
    #[serde(default)]
    expires_on: Value,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl TokenResult {
    /// Returns the token, unless it is empty.
    pub(crate) fn into_token(self) -> Option<UserToken> {
        if self.token.is_empty() {
            return None;
        }
        let stated = self.expires_on.as_str().and_then(read_time);
        let end = stated.or_else(|| expiry::of_jwt(&self.token));
        let token = AccessToken::new(self.token);
        Some(UserToken {
            token: match end {
                Some(end) => token.with_expires_at(end),
                None => token,
            },
            other: self.other,
        })
    }
}
