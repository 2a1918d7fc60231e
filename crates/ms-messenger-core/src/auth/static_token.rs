//! A fixed token.

use async_trait::async_trait;

use super::{provider::TokenProvider, request::TokenRequest, token::AccessToken};
use crate::error::{Error, ErrorKind, Result};

/// One fixed token, never renewed.
///
/// ```
/// use ms_messenger_core::StaticToken;
///
/// let token = StaticToken::new("eyJ0eXAi");
/// assert!(!format!("{token:?}").contains("eyJ0eXAi"));
/// ```
#[derive(Clone, Debug)]
pub struct StaticToken(AccessToken);

impl StaticToken {
    /// Creates a provider of `token`.
    pub fn new(token: impl Into<AccessToken>) -> Self {
        Self(token.into())
    }
}

#[async_trait]
impl TokenProvider for StaticToken {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        if request.rejected == Some(&self.0) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the token was rejected, and there is no other",
            ));
        }
        self.0.check()?;
        Ok(self.0.clone())
    }

    fn cached_token(&self, _request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        Ok(Some(self.0.clone()))
    }
}
