//! The typed client.

use std::sync::Arc;

use ms_messenger_core::{ErrorKind, Problem, Problems, Result};
use ms_messenger_http::{
    Call, Method, OpenRequest, Pipeline, Response, acs::open_request, encode_path_segment, one_line,
};

use crate::{
    AcsIdentityBuilder, CommunicationUserId, CreatedUser, Credential, IdentityApiVersion,
    TeamsUserToken, TokenOptions, UserToken,
    error::PLATFORM,
    models::{
        CreateIdentity, CreateIdentityResult, ExchangeTeamsUserToken, IssueAccessToken, TokenResult,
    },
    operations::{IDENTITY_CREATE, IDENTITY_DELETE, TOKEN_EXCHANGE, TOKEN_ISSUE, TOKEN_REVOKE},
};

/// The most characters of an id that an error holds.
const LONGEST_ID: usize = 200;

/// A client for ACS Identity. Clone it to share it: a clone is cheap.
///
/// Every error reports by [`Error::delivery`](ms_messenger_core::Error::delivery) whether the call
/// was executed: `Unknown` after a creation means that a user may exist whose id is lost.
///
/// ```
/// use acs_identity::{AcsIdentityBuilder, TokenOptions};
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let string = &emulator.seed().acs.connection_string;
/// let identity = AcsIdentityBuilder::from_connection_string(string)?.build()?;
///
/// let user = identity.create_user().await?.id;
/// let token = identity.issue_token(&user, &TokenOptions::chat()).await?;
/// assert!(token.time_left().is_some_and(|left| !left.is_zero()));
/// identity.delete_user(user).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AcsIdentityClient(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) pipeline: Pipeline,
    pub(crate) api_version: IdentityApiVersion,
}

impl AcsIdentityClient {
    /// Sets up a client for the resource at `endpoint`; see [`AcsIdentityBuilder::new`]. The
    /// builder also reads connection strings and environment variables.
    pub fn builder(endpoint: impl Into<String>, credential: Credential) -> AcsIdentityBuilder {
        AcsIdentityBuilder::new(endpoint, credential)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Returns the version of the API that this client uses.
    #[must_use]
    pub fn api_version(&self) -> &IdentityApiVersion {
        &self.0.api_version
    }

    /// Returns the endpoint of the resource, e.g. `https://contoso.communication.azure.com`, which
    /// is also that of ACS Chat.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.pipeline.endpoint().to_string()
    }

    /// Creates a user: `POST /identities`. Source: "Communication Identity - Create".
    ///
    /// Each call creates another user, so it is not retried when it is unknown whether it was
    /// executed.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` for a rejected credential, `RateLimited`, and the other errors of the
    /// service.
    pub async fn create_user(&self) -> Result<CreatedUser> {
        self.create(&CreateIdentity::default()).await
    }

    /// Creates a user and a first token in one call: `POST /identities`.
    ///
    /// Like [`create_user`](Self::create_user), it is not retried when it is unknown whether it was
    /// executed.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (no scope, an empty one, a lifetime outside 60 to 1440
    /// minutes); then as [`create_user`](Self::create_user). `Protocol` with the id of the user
    /// in its message when the response has a user and no token.
    pub async fn create_user_with_token(&self, options: &TokenOptions) -> Result<CreatedUser> {
        let mut problems = Problems::for_platform(PLATFORM);
        options.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        self.create(&CreateIdentity {
            create_token_with_scopes: Some(&options.scopes),
            expires_in_minutes: options.expires_in_minutes,
        })
        .await
    }

    async fn create(&self, body: &CreateIdentity<'_>) -> Result<CreatedUser> {
        let call = Call::of(&IDENTITY_CREATE, self.path("/identities")).with_json(body)?;
        let response = self.call(call, 201).await?;
        let result: CreateIdentityResult = response.json()?;
        if result.identity.id.as_str().is_empty() {
            return Err(response.unusable("the response names no user"));
        }
        let id = result.identity.id;
        let token = result.access_token.and_then(TokenResult::into_token);
        if token.is_none() && body.create_token_with_scopes.is_some() {
            // Without its id the user would be lost.
            let id = shown(&id);
            let rule = format!("the user {id} was created, but without a token");
            return Err(response.unusable(rule));
        }
        Ok(CreatedUser {
            id,
            token,
            properties: result.identity.other,
            request_id: response.request_id().map(str::to_owned),
            other: result.other,
        })
    }

    /// Issues a token for a user: `POST /identities/{id}/:issueAccessToken`. Source:
    /// "Communication Identity - Issue Access Token".
    ///
    /// Earlier tokens of the user stay valid. The call is not retried automatically when it is
    /// unknown whether it was executed, but the caller can do so without harm: two issues only make
    /// two tokens, and the lost one expires unused.
    /// [`UserTokenProvider`](crate::UserTokenProvider) does so.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (an empty id, no scope, an empty one, a lifetime outside 60
    /// to 1440 minutes); `NotFound` when there is no such user; `Unauthenticated`, `RateLimited`
    /// and the other errors of the service.
    pub async fn issue_token(
        &self,
        user: impl Into<CommunicationUserId>,
        options: &TokenOptions,
    ) -> Result<UserToken> {
        let call = self.issue_call(&user.into(), options)?;
        self.token(call).await
    }

    /// Issues any token: retried when it is unknown whether it was executed.
    pub(crate) async fn reissue_token(
        &self,
        user: &CommunicationUserId,
        options: &TokenOptions,
    ) -> Result<UserToken> {
        let call = self.issue_call(user, options)?.without_message();
        self.token(call).await
    }

    fn issue_call(&self, user: &CommunicationUserId, options: &TokenOptions) -> Result<Call> {
        let mut problems = Problems::for_platform(PLATFORM);
        user.find_problems(&mut problems);
        options.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let path = self.user_path(user, "/:issueAccessToken")?;
        Call::of(&TOKEN_ISSUE, path).with_json(&IssueAccessToken {
            scopes: &options.scopes,
            expires_in_minutes: options.expires_in_minutes,
        })
    }

    /// Revokes all tokens of a user: `POST /identities/{id}/:revokeAccessTokens`. Source:
    /// "Communication Identity - Revoke Access Tokens".
    ///
    /// It can take 15 minutes until no service accepts them any more. A second call changes
    /// nothing, so the call is retried like a read.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (an empty id); `NotFound` when there is no such user;
    /// the other errors of the service.
    pub async fn revoke_tokens(&self, user: impl Into<CommunicationUserId>) -> Result<()> {
        let path = self.user_path(&user.into(), "/:revokeAccessTokens")?;
        let call = Call::of(&TOKEN_REVOKE, path);
        self.call(call, 204).await.map(drop)
    }

    /// Deletes a user, with all tokens and data: `DELETE /identities/{id}`. Source:
    /// "Communication Identity - Delete". It cannot be undone.
    ///
    /// The call is retried like a read. `NotFound` after more than one attempt
    /// ([`Error::attempts`](ms_messenger_core::Error::attempts)) can mean that an earlier one
    /// deleted the user.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (an empty id); `NotFound` when there is no such user;
    /// the other errors of the service.
    pub async fn delete_user(&self, user: impl Into<CommunicationUserId>) -> Result<()> {
        let path = self.user_path(&user.into(), "")?;
        let call = Call::of(&IDENTITY_DELETE, path);
        self.call(call, 204).await.map(drop)
    }

    /// Exchanges the Entra ID token of a Teams user for an ACS token of the same user:
    /// `POST /teamsUser/:exchangeAccessToken`. Source: "Communication Identity - Exchange Teams
    /// User Access Token".
    ///
    /// Not retried automatically when it is unknown whether it was executed; doing so is as
    /// harmless as with [`issue_token`](Self::issue_token).
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O (an empty token or id); `Unauthenticated`, with the code
    /// `InvalidAccessToken` when the user's token is rejected; the other errors of the service.
    pub async fn exchange_teams_user_token(&self, user: &TeamsUserToken) -> Result<UserToken> {
        let mut problems = Problems::for_platform(PLATFORM);
        user.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let path = self.path("/teamsUser/:exchangeAccessToken");
        let call = Call::of(&TOKEN_EXCHANGE, path);
        let call = call.with_json(&ExchangeTeamsUserToken::from(user))?;
        self.token(call).await
    }

    async fn token(&self, call: Call) -> Result<UserToken> {
        let response = self.call(call, 200).await?;
        let result: TokenResult = response.json()?;
        let token = result.into_token();
        token.ok_or_else(|| response.unusable("the response has an empty token"))
    }

    /// Returns a request for any path of the service, e.g. for an operation that has no method
    /// here yet. It goes through the same pipeline: the credential, retries, limits and the check of
    /// the origin. The version of this client is added, unless the path states one.
    ///
    /// ```
    /// use acs_identity::{AcsIdentityBuilder, Method};
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let string = &emulator.seed().acs.connection_string;
    /// let identity = AcsIdentityBuilder::from_connection_string(string)?.build()?;
    ///
    /// let request = identity.request(Method::POST, "/identities").with_json(&serde_json::json!({}))?;
    /// let created: serde_json::Value = request.json().await?;
    /// assert!(created["identity"]["id"].is_string());
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: impl Into<String>) -> OpenRequest {
        open_request(self.pipeline(), method, path, self.0.api_version.as_str())
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    /// Refuses an operation that the version of this client does not have.
    pub(crate) fn check_since(&self, version: &str) -> Result<()> {
        // Versions are dates, so that they are in the order of their text.
        if self.0.api_version.as_str() >= version {
            return Ok(());
        }
        let rule = format!("must be {version} or later for this operation");
        let refused = Problem::new("api_version", rule).into_error(ErrorKind::Unsupported);
        Err(refused.with_platform(PLATFORM))
    }

    /// Makes a call whose only success is `expected`.
    pub(crate) async fn call(&self, call: Call, expected: u16) -> Result<Response> {
        let response = self.0.pipeline.call(call).await?;
        response.expect_status(expected)?;
        Ok(response)
    }

    pub(crate) fn path(&self, path: &str) -> String {
        format!("{path}?api-version={}", self.0.api_version)
    }

    /// Returns the path of a call about a user, whose id must not be empty.
    fn user_path(&self, user: &CommunicationUserId, rest: &str) -> Result<String> {
        let mut problems = Problems::for_platform(PLATFORM);
        user.find_problems(&mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let id = encode_path_segment(user.as_str());
        Ok(self.path(&format!("/identities/{id}{rest}")))
    }
}

/// Returns an id of the service on one line of bounded length.
fn shown(id: &CommunicationUserId) -> String {
    one_line(&id.as_str().chars().take(LONGEST_ID).collect::<String>())
}
