//! A user who signed in before.

use std::{fmt, future::Future, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Result, TokenProvider, TokenRequest,
    auth::OwnedTokenRequest,
};
use oauth2::Scope;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{application::Issuer, tokens::Tokens};

/// Tokens by a refresh token. Entra gives a new one with each response, which replaces the old.
/// Asks anew each time: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// # Cancel safety
///
/// A request that has begun is finished in a task of its own even if the call that began it is
/// dropped, and the refresh token that it brings is kept: an issuer that rotates strictly would
/// end the sign-in otherwise. [`current`](Self::current) waits for it.
pub struct RefreshToken {
    issuer: Issuer,
    /// Locked for a whole request: two at a time would both spend the same refresh token.
    kept: Arc<Mutex<SecretString>>,
}

impl RefreshToken {
    pub(crate) fn new(issuer: Issuer, token: SecretString) -> Self {
        let kept = Arc::new(Mutex::new(token));
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
        let renewal = renew(Arc::clone(&self.kept), self.issuer.clone(), call(request));
        finished(renewal).await
    }
}

async fn renew(
    kept: Arc<Mutex<SecretString>>,
    issuer: Issuer,
    call: OwnedTokenRequest,
) -> Result<AccessToken> {
    let mut kept = kept.lock().await;
    let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
    let tokens = refresh(&issuer, &kept, &request(&call, &scopes)).await?;
    if let Some(next) = tokens.refresh {
        *kept = next;
    }
    Ok(tokens.access)
}

/// The outcome of `work`, which runs to its end even if nobody waits for it any more.
pub(crate) async fn finished<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|_| {
        let text = "the renewal ended before it was done";
        Err(Error::new(ErrorKind::Other, text).with_delivery(Delivery::NotSent))
    })
}

/// `request` with parts of its own.
pub(crate) fn call(request: &TokenRequest<'_>) -> OwnedTokenRequest {
    let mut call = OwnedTokenRequest::default();
    call.scopes = request.scopes.iter().map(ToString::to_string).collect();
    call.claims = request.claims.map(str::to_owned);
    call.rejected = request.rejected.cloned();
    call
}

/// The counterpart of [`call`]; `scopes` are those of `call`.
pub(crate) fn request<'a>(call: &'a OwnedTokenRequest, scopes: &'a [&'a str]) -> TokenRequest<'a> {
    let mut request = TokenRequest::new(scopes);
    request.claims = call.claims.as_deref();
    request.rejected = call.rejected.as_ref();
    request
}

/// Spends `token`; with the response comes the next one.
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
