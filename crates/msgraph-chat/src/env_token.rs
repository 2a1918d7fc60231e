//! The token of the environment, which is not renewed.

use std::time::SystemTime;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};

use crate::delegated::expiry;

/// The variable that has the token.
pub(crate) const TOKEN: &str = "MSGRAPH_TOKEN";

/// The token of [`TOKEN`]. Its errors name the variable and when the token expired.
#[derive(Debug)]
pub(crate) struct EnvToken(AccessToken);

impl EnvToken {
    pub(crate) fn new(secret: String) -> Self {
        let expires_at = expiry(&secret);
        let token = AccessToken::new(secret);
        Self(match expires_at {
            Some(time) => token.with_expires_at(time),
            None => token,
        })
    }

    /// The rule that the token breaks once it has expired.
    pub(crate) fn expired(&self) -> Option<String> {
        let end = self.0.expires_at()?;
        let has_ended = end <= SystemTime::now();
        has_ended.then(|| {
            let end = humantime::format_rfc3339_seconds(end);
            format!("expired at {end} and is not renewed: get a new one, or use a stored sign-in")
        })
    }

    fn serve(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let unusable = |rule: &str| {
            Err(Error::new(
                ErrorKind::Unauthenticated,
                format!("{TOKEN}: {rule}"),
            ))
        };
        if let Some(rule) = self.expired() {
            return unusable(&rule);
        }
        if request.rejected == Some(&self.0) {
            return unusable("was rejected and is not renewed: get a new one");
        }
        self.0.check()?;
        Ok(self.0.clone())
    }
}

#[async_trait]
impl TokenProvider for EnvToken {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        self.serve(request)
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        self.serve(request).map(Some)
    }
}
