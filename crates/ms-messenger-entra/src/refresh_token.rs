//! A user who signed in before.

use std::fmt;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use oauth2::Scope;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{application::Issuer, tokens::Tokens};

/// Tokens by a refresh token. Entra gives a new one with each answer, which replaces the old.
/// Asks anew each time: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
pub struct RefreshToken {
    issuer: Issuer,
    /// Locked for a whole request: two at a time would both spend the same refresh token.
    kept: Mutex<SecretString>,
}

impl RefreshToken {
    pub(crate) fn new(issuer: Issuer, token: SecretString) -> Self {
        let kept = Mutex::new(token);
        Self { issuer, kept }
    }

    /// The refresh token of now, for whoever keeps it beyond the life of the process.
    pub async fn current(&self) -> SecretString {
        self.kept.lock().await.clone()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for RefreshToken {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let mut kept = self.kept.lock().await;
        let tokens = refresh(&self.issuer, &kept, request).await?;
        if let Some(next) = tokens.refresh {
            *kept = next;
        }
        Ok(tokens.access)
    }
}

/// Spends `token`; with the answer comes the next one.
pub(crate) async fn refresh(
    issuer: &Issuer,
    token: &SecretString,
    request: &TokenRequest<'_>,
) -> Result<Tokens> {
    let client = issuer.client();
    let token = oauth2::RefreshToken::new(token.expose_secret().to_owned());
    let mut grant = client
        .exchange_refresh_token(&token)
        .add_scopes(scopes(request));
    if let Some(claims) = issuer.claims(request.claims)? {
        grant = grant.add_extra_param("claims", claims);
    }
    let exchange = issuer.exchange();
    let answered = grant.request_async(&exchange).await;
    Tokens::of(&answered.map_err(|error| exchange.error(error))?)
}

/// The scopes of `request`, and the one without which no refresh token comes.
fn scopes(request: &TokenRequest<'_>) -> Vec<Scope> {
    let mut scopes = request.scopes.to_vec();
    if !scopes.contains(&"offline_access") {
        scopes.push("offline_access");
    }
    scopes
        .into_iter()
        .map(|it| Scope::new(it.to_owned()))
        .collect()
}
