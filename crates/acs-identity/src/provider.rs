//! Tokens of one user, renewed before they expire.

mod builder;
mod issuer;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, CachedTokenProvider, Error, ErrorKind, Result, TokenProvider, TokenRequest,
};

pub use builder::UserTokenProviderBuilder;

use crate::{AcsIdentityClient, CommunicationUserId, expiry};
use issuer::Issuer;

/// How long before its expiry a token is renewed when it is requested.
const ON_DEMAND: Duration = Duration::from_secs(2 * 60);
/// How long before its expiry a token is renewed in the background.
const PROACTIVE: Duration = Duration::from_secs(10 * 60);

/// Returns the current time.
type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Provides the access tokens of one user and renews them, for example for `AcsChatClient`.
///
/// * A token is renewed when it is requested with two minutes left or less. With
///   [`with_proactive_refresh`](UserTokenProviderBuilder::with_proactive_refresh) a background
///   task renews it with ten minutes left, so that no request waits.
/// * When a renewal returns a token with less than that left, or fails, the next one waits for
///   half of the remaining lifetime of the current token, so that it cannot run in a loop. Until it
///   expires, the current token is used.
/// * There is one renewal at a time for all concurrent requests. While the current token is valid,
///   the other requests get it at once.
/// * A request that names the current token as rejected causes one renewal; if that fails or
///   returns the same token, the request fails with `Unauthenticated`. A request that names an
///   older token gets the current one.
/// * A token without a known expiry is used until it is rejected.
///
/// Clones share the token. Cheap to clone; the background task ends with the last clone.
///
/// ```
/// use acs_chat::{AcsChatClient, SendChatMessageRequest};
/// use acs_identity::{AcsIdentityBuilder, TokenOptions, UserTokenProvider};
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let identity = AcsIdentityBuilder::from_connection_string(&acs.connection_string)?.build()?;
///
/// let user = acs.users[0].id.as_str();
/// let tokens = UserTokenProvider::builder(identity, user).with_proactive_refresh(true).build()?;
/// let chat = AcsChatClient::builder(&acs.endpoint, tokens).build()?;
/// chat.thread(acs.thread_id.as_str()).send(&SendChatMessageRequest::text("hello")).await?;
/// assert_eq!(emulator.messages().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct UserTokenProvider(CachedTokenProvider<Expiring>);

impl UserTokenProvider {
    /// Provides tokens that `client` issues for `user`, with the scope `chat` unless set otherwise.
    ///
    /// An issue is retried when it is unknown whether it was executed: two issues only make two
    /// tokens.
    pub fn builder(
        client: AcsIdentityClient,
        user: impl Into<CommunicationUserId>,
    ) -> UserTokenProviderBuilder {
        UserTokenProviderBuilder::issuing(Issuer::new(client, user.into()))
    }

    /// Provides tokens of another source, e.g. of a back end that holds the access key. `source`
    /// need not cache them. Where it does not state the expiry of a token, the claim `exp` of the
    /// token is read.
    ///
    /// ```
    /// use acs_identity::UserTokenProvider;
    /// use ms_messenger_core::{AccessToken, auth::TokenFn};
    ///
    /// let source = TokenFn::new(async |_| Ok(AccessToken::new("fetched from the back end")));
    /// let tokens = UserTokenProvider::builder_from(source).build()?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    pub fn builder_from(source: impl TokenProvider) -> UserTokenProviderBuilder {
        UserTokenProviderBuilder::refreshing(Arc::new(source))
    }
}

impl fmt::Debug for UserTokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserTokenProvider").field(&self.0).finish()
    }
}

#[async_trait]
impl TokenProvider for UserTokenProvider {
    /// Returns the current token or a new one. The scopes of the request are ignored: those of a
    /// token are set when it is issued.
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        if request.claims.is_some() {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "ACS user access tokens cannot satisfy a claims challenge",
            ));
        }
        self.0.token(&without_scopes(request)).await
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        self.0.cached_token(&without_scopes(request))
    }

    fn is_cached(&self) -> bool {
        true
    }
}

fn without_scopes<'a>(request: &TokenRequest<'a>) -> TokenRequest<'a> {
    let mut request = *request;
    request.scopes = &[];
    request
}

/// A source of tokens that expire when their claim `exp` says so, if the source does not say it.
#[derive(Debug)]
struct Expiring(Arc<dyn TokenProvider>);

#[async_trait]
impl TokenProvider for Expiring {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        self.0.token(request).await.map(with_expiry)
    }
}

fn with_expiry(token: AccessToken) -> AccessToken {
    match (token.expires_at(), expiry::of_jwt(token.secret())) {
        (None, Some(end)) => token.with_expires_at(end),
        _ => token,
    }
}
