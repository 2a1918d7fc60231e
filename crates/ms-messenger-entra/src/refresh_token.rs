//! Tokens for an earlier sign-in.

use std::{fmt, future::Future, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Result, TokenProvider, TokenRequest,
    auth::OwnedTokenRequest,
};
use oauth2::Scope;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{issuer::Issuer, tokens::Tokens};

/// A provider of tokens for a refresh token. Each response contains a new refresh token, which
/// replaces the old one. It keeps no access token: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// ```
/// use ms_messenger_entra::Application;
///
/// # async fn example() -> ms_messenger_core::Result<()> {
/// let user = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
///     .refresh_token("the refresh token")?;
/// // Store it before the program ends: the first one is replaced.
/// let next = user.current().await;
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// A request that has begun is finished in a task of its own even if the call that began it is
/// dropped, and the refresh token of its response is kept: an issuer that revokes used refresh
/// tokens would end the sign-in otherwise. [`current`](Self::current) waits for it.
pub struct RefreshToken {
    issuer: Issuer,
    /// Locked for a whole request: two at a time would use the same refresh token.
    kept: Arc<Mutex<SecretString>>,
}

impl RefreshToken {
    pub(crate) fn new(issuer: Issuer, token: SecretString) -> Self {
        let kept = Arc::new(Mutex::new(token));
        Self { issuer, kept }
    }

    /// Returns the current refresh token, to be stored beyond the life of the process.
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

/// Returns the outcome of `work`, which runs to its end even if this future is dropped.
pub(crate) async fn finished<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.unwrap_or_else(|_| {
        let text = "the renewal task ended early";
        Err(Error::new(ErrorKind::Other, text).with_delivery(Delivery::NotSent))
    })
}

/// Copies `request`.
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

/// Uses `token`; the response contains the next one.
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
    let response = grant.request_async(&exchange).await;
    Tokens::of(&response.map_err(|error| exchange.error(error))?)
}

/// The scopes of `request`, and the one without which Entra ID returns no refresh token.
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
