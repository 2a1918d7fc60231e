//! The settings of a token cache.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    cache::{CachedTokenProvider, Settings},
    provider::TokenProvider,
    token::AccessToken,
};

/// Configures a [`CachedTokenProvider`].
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::{CachedTokenProvider, StaticToken, auth::CachedTokenProviderBuilder};
///
/// let tokens = CachedTokenProviderBuilder::new(StaticToken::new("t"))
///     .with_early_renewal(Duration::from_secs(600))
///     .with_proactive_renewal(true)
///     .build();
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct CachedTokenProviderBuilder<P> {
    source: P,
    settings: Settings,
    initial: Option<(Vec<String>, AccessToken)>,
}

impl<P: TokenProvider> CachedTokenProviderBuilder<P> {
    /// Starts with the default settings, for the tokens of `source`.
    pub fn new(source: P) -> Self {
        Self {
            source,
            settings: Settings::default(),
            initial: None,
        }
    }

    /// Sets how long before its expiry a token is renewed. Default five minutes.
    pub fn with_early_renewal(mut self, early: Duration) -> Self {
        self.settings.early = early;
        self
    }

    /// Sets the fraction of the early time, from 0 to 1, by which a renewal may begin even earlier,
    /// at random, so that many processes do not renew at once. Default 0.1.
    pub fn with_renewal_spread(mut self, fraction: f64) -> Self {
        self.settings.spread = fraction;
        self
    }

    /// Sets whether a timer renews each token in the background, so that no call waits for it.
    /// Default `false`. It needs a Tokio runtime with time, and starts with the first token.
    pub fn with_proactive_renewal(mut self, is_proactive: bool) -> Self {
        self.settings.is_proactive = is_proactive;
        self
    }

    /// Sets a token that exists already, for requests with `scopes`; it is used until it is to be
    /// renewed.
    pub fn with_initial_token(mut self, scopes: &[&str], token: impl Into<AccessToken>) -> Self {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.initial = Some((scopes, token.into()));
        self
    }

    /// Sets the clock, for tests. Default [`SystemTime::now`].
    pub fn with_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Builds the provider. Nothing is fetched yet.
    pub fn build(self) -> CachedTokenProvider<P> {
        let provider = CachedTokenProvider::with_settings(self.source, self.settings);
        if let Some((scopes, token)) = self.initial {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            provider.keep(&scopes, token);
        }
        provider
    }
}

impl<P: fmt::Debug> fmt::Debug for CachedTokenProviderBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedTokenProviderBuilder")
            .field("source", &self.source)
            .field("early", &self.settings.early)
            .field("is_proactive", &self.settings.is_proactive)
            .finish_non_exhaustive()
    }
}
