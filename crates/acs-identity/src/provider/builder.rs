//! Builder of the provider.

use std::{fmt, sync::Arc, time::SystemTime};

use ms_messenger_core::{
    AccessToken, ErrorKind, Problems, Result, TokenProvider, auth::CachedTokenProviderBuilder,
};

use super::{Clock, Expiring, Issuer, ON_DEMAND, PROACTIVE, UserTokenProvider, with_expiry};
use crate::{TokenOptions, error::PLATFORM};

enum Source {
    Issuer(Issuer),
    Other(Arc<dyn TokenProvider>),
}

/// Sets up a [`UserTokenProvider`].
///
/// ```
/// use acs_identity::{AcsIdentityBuilder, TokenOptions, TokenScope, UserTokenProvider};
///
/// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
/// let identity = AcsIdentityBuilder::from_connection_string(string)?.build()?;
/// let tokens = UserTokenProvider::builder(identity, "8:acs:11111111_22222222")
///     .with_token_options(TokenOptions::new([TokenScope::Chat]).with_expires_in_minutes(60))
///     .with_initial_token("eyJ0eXAi")
///     .build()?;
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct UserTokenProviderBuilder {
    source: Source,
    other_with_options: bool,
    initial: Option<AccessToken>,
    proactive: bool,
    pub(super) clock: Clock,
}

impl UserTokenProviderBuilder {
    pub(super) fn issuing(issuer: Issuer) -> Self {
        Self::new(Source::Issuer(issuer))
    }

    pub(super) fn refreshing(source: Arc<dyn TokenProvider>) -> Self {
        Self::new(Source::Other(source))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            other_with_options: false,
            initial: None,
            proactive: false,
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Sets the scopes and lifetime of the tokens. Default: the scope `chat`, a day. An error for
    /// tokens of another source, which decides on both.
    pub fn with_token_options(mut self, options: TokenOptions) -> Self {
        match &mut self.source {
            Source::Issuer(issuer) => issuer.options = options,
            Source::Other(_) => self.other_with_options = true,
        }
        self
    }

    /// Sets a token to begin with, e.g. that of
    /// [`create_user_with_token`](crate::AcsIdentityClient::create_user_with_token).
    pub fn with_initial_token(mut self, token: impl Into<AccessToken>) -> Self {
        self.initial = Some(token.into());
        self
    }

    /// Sets whether each token is renewed in the background, with ten minutes left, and then
    /// again with half of what is left. Default `false`: a token is renewed when it is requested.
    ///
    /// The background task needs a tokio runtime with time. It starts with the first token that
    /// is fetched or, if there is an initial one, when this is built within a runtime.
    pub fn with_proactive_refresh(mut self, enabled: bool) -> Self {
        self.proactive = enabled;
        self
    }

    /// Builds the provider. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` that names everything that is wrong with the user, the options and the token.
    pub fn build(self) -> Result<UserTokenProvider> {
        let mut problems = Problems::new();
        if let Source::Issuer(issuer) = &self.source {
            issuer.find_problems(&mut problems);
        }
        let rule = "are for tokens that this client issues, not for those of another source";
        problems.add_if(self.other_with_options, "token_options", rule);
        if let Some(Err(unusable)) = self.initial.as_ref().map(AccessToken::check) {
            problems.add("initial_token", unusable.message());
        }
        problems
            .into_result(ErrorKind::Config)
            .map_err(|error| error.with_platform(PLATFORM))?;
        let source = match self.source {
            Source::Issuer(issuer) => Arc::new(issuer),
            Source::Other(source) => source,
        };
        let early = if self.proactive { PROACTIVE } else { ON_DEMAND };
        let clock = self.clock;
        let mut cache = CachedTokenProviderBuilder::new(Expiring(source))
            .with_early_renewal(early)
            .with_renewal_spread(0.0)
            .with_proactive_renewal(self.proactive)
            .with_clock(move || clock());
        if let Some(token) = self.initial {
            cache = cache.with_initial_token(&[], with_expiry(token));
        }
        Ok(UserTokenProvider(cache.build()))
    }
}

impl fmt::Debug for UserTokenProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.source {
            Source::Issuer(issuer) => issuer,
            Source::Other(source) => source,
        };
        f.debug_struct("UserTokenProviderBuilder")
            .field("source", source)
            .field("proactive", &self.proactive)
            .finish_non_exhaustive()
    }
}
