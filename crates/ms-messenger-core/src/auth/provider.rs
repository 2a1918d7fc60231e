//! A source of access tokens.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{request::TokenRequest, token::AccessToken};
use crate::error::Result;

/// A source of access tokens.
///
/// A provider need not cache: the clients wrap it in a
/// [`CachedTokenProvider`](crate::CachedTokenProvider), unless it
/// [caches](TokenProvider::is_cached) itself. A closure is a provider as
/// [`TokenFn`](crate::auth::TokenFn), a fixed token as [`StaticToken`](crate::StaticToken).
///
/// ```
/// use ms_messenger_core::{
///     AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest, async_trait,
/// };
///
/// /// Reads the token that another program writes to a file.
/// #[derive(Debug)]
/// struct TokenFile(std::path::PathBuf);
///
/// #[async_trait]
/// impl TokenProvider for TokenFile {
///     async fn token(&self, _request: &TokenRequest<'_>) -> Result<AccessToken> {
///         let read = std::fs::read_to_string(&self.0);
///         let text = read.map_err(|error| {
///             Error::new(ErrorKind::Unauthenticated, "the token file cannot be read")
///                 .with_source(error)
///         })?;
///         Ok(AccessToken::new(text.trim()))
///     }
/// }
/// ```
#[async_trait]
pub trait TokenProvider: fmt::Debug + Send + Sync + 'static {
    /// Returns a token for `request`.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if there is no token, or only the rejected one; `Connect`, `Timeout`,
    /// `Service` … if the issuer failed.
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken>;

    /// Returns the token that [`token`](Self::token) would return, if that is known without any
    /// I/O, as a check before a send needs it. By default no token is known.
    ///
    /// # Errors
    ///
    /// Why `token` would reject the known token.
    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        let _ = request;
        Ok(None)
    }

    /// Returns whether the provider caches its tokens, so that another cache on top of it is of no
    /// use. By default it does not. See [`auth::cached`](crate::auth::cached).
    fn is_cached(&self) -> bool {
        false
    }
}

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: TokenProvider + ?Sized> TokenProvider for $pointer {
            async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
                (**self).token(request).await
            }

            fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
                (**self).cached_token(request)
            }

            fn is_cached(&self) -> bool {
                (**self).is_cached()
            }
        }
    )+};
}

forward!(Arc<T>, Box<T>);
