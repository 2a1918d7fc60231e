//! Where tokens come from.

mod cache;
mod flight;
mod token;

use std::{fmt, future::Future, sync::Arc};

use async_trait::async_trait;

pub use cache::CachedTokenProvider;
pub use flight::{SingleFlight, Turn};
pub use token::AccessToken;

use crate::{Error, ErrorKind, Result};

/// What a call needs of a token.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokenRequest<'a> {
    /// The scopes that the token must have, e.g. `https://graph.microsoft.com/.default`.
    pub scopes: &'a [&'a str],
    /// A claims challenge of the resource, as decoded JSON, which the token must satisfy.
    pub claims: Option<&'a str>,
    /// A token that the resource has refused; it must not be handed out again.
    pub rejected: Option<&'a AccessToken>,
}

impl<'a> TokenRequest<'a> {
    /// A token with `scopes`.
    #[must_use]
    pub const fn new(scopes: &'a [&'a str]) -> Self {
        Self {
            scopes,
            claims: None,
            rejected: None,
        }
    }

    /// Adds a claims challenge that the token must satisfy.
    #[must_use]
    pub const fn with_claims(mut self, claims: &'a str) -> Self {
        self.claims = Some(claims);
        self
    }

    /// Names a token that was refused.
    #[must_use]
    pub const fn with_rejected(mut self, token: &'a AccessToken) -> Self {
        self.rejected = Some(token);
        self
    }
}

/// A source of access tokens.
///
/// Providers need not cache: wrap them in a [`CachedTokenProvider`].
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync + 'static {
    /// Answers a token for `request`.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when there is none to be had, which includes that the only one was
    /// refused; `Connect`, `Timeout`, `Service` … when the issuer failed.
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken>;

    /// Returns the token that [`token`](Self::token) would return, if that is known without
    /// any I/O. A check before a send uses it. By default none is at hand.
    ///
    /// # Errors
    ///
    /// Why `token` would refuse the token that is at hand.
    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        let _ = request;
        Ok(None)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: TokenProvider + ?Sized> TokenProvider for Arc<T> {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        (**self).token(request).await
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        (**self).cached_token(request)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<T: TokenProvider + ?Sized> TokenProvider for Box<T> {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        (**self).token(request).await
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        (**self).cached_token(request)
    }
}

/// One token, given once and never renewed.
///
/// ```
/// use ms_messenger_core::StaticToken;
///
/// let token = StaticToken::new("eyJ0eXAi");
/// assert!(!format!("{token:?}").contains("eyJ0eXAi"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Hands out `token`.
    pub fn new(token: impl Into<AccessToken>) -> Self {
        Self(token.into())
    }
}

#[async_trait]
impl TokenProvider for StaticToken {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        if request.rejected.is_some_and(|refused| *refused == self.0) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the token was refused, and it is the only one",
            ));
        }
        self.0.check()?;
        Ok(self.0.clone())
    }

    fn cached_token(&self, _request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        Ok(Some(self.0.clone()))
    }
}

/// What a [`TokenFn`] is asked for: a [`TokenRequest`] that owns its parts.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OwnedTokenRequest {
    /// The scopes that the token must have.
    pub scopes: Vec<String>,
    /// A claims challenge of the resource, as decoded JSON.
    pub claims: Option<String>,
    /// A token that the resource has refused.
    pub rejected: Option<AccessToken>,
}

/// Tokens from an async closure.
///
/// ```
/// use ms_messenger_core::{AccessToken, CachedTokenProvider, auth::TokenFn};
///
/// let provider = CachedTokenProvider::new(TokenFn::new(async |_call| {
///     Ok(AccessToken::new("fetched from somewhere"))
/// }));
/// ```
#[non_exhaustive]
pub struct TokenFn<F>(F);

impl<F, Fut> TokenFn<F>
where
    F: Fn(OwnedTokenRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken>> + Send,
{
    /// Asks `fetch` for every token.
    pub fn new(fetch: F) -> Self {
        Self(fetch)
    }
}

impl<F> fmt::Debug for TokenFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenFn").finish_non_exhaustive()
    }
}

#[async_trait]
impl<F, Fut> TokenProvider for TokenFn<F>
where
    F: Fn(OwnedTokenRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken>> + Send,
{
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        (self.0)(OwnedTokenRequest {
            scopes: request.scopes.iter().map(ToString::to_string).collect(),
            claims: request.claims.map(str::to_owned),
            rejected: request.rejected.cloned(),
        })
        .await
    }
}
