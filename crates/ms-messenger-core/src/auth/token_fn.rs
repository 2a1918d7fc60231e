//! Tokens from a closure.

use std::{fmt, future::Future};

use async_trait::async_trait;

use super::{
    provider::TokenProvider,
    request::{OwnedTokenRequest, TokenRequest},
    token::AccessToken,
};
use crate::error::Result;

/// Tokens from an async closure.
///
/// ```
/// use ms_messenger_core::{AccessToken, CachedTokenProvider, auth::TokenFn};
///
/// let provider = CachedTokenProvider::new(TokenFn::new(async |_request| {
///     Ok(AccessToken::new("fetched from somewhere"))
/// }));
/// ```
pub struct TokenFn<F>(F);

impl<F, Fut> TokenFn<F>
where
    F: Fn(OwnedTokenRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken>> + Send,
{
    /// Calls `fetch` for every token.
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
        (self.0)(request.into()).await
    }
}
