//! A user who signed in, and what is kept of it.

use std::{fmt, future::Future, sync::Arc, time::SystemTime};

use ms_messenger_core::{
    AccessToken, ErrorKind, Result, TokenRequest,
    auth::{OwnedTokenRequest, SingleFlight},
};
use ms_messenger_http::redacted_address;
use oauth2::Scope;
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::{
    Application,
    application::Issuer,
    refresh_token::{call, finished, refresh, request},
    tokens::Tokens,
};

/// The scopes beside those of the resource: who the user is, and a refresh token.
const OF_THE_USER: [&str; 3] = ["offline_access", "openid", "profile"];

/// A user who signed in: all that is needed to act for them later. `Debug` shows no token,
/// and neither user info nor query of the authority.
///
/// [`DeviceCode::sign_in`](crate::DeviceCode::sign_in) and
/// [`AuthorizationCode::sign_in`](crate::AuthorizationCode::sign_in) make one, a
/// [`TokenStore`](crate::TokenStore) keeps it, and a [`StoredSignIn`](crate::StoredSignIn) uses it.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignIn {
    /// Where they signed in, e.g. `https://login.microsoftonline.com`.
    pub authority: String,
    /// The tenant as it was asked for: a GUID, a domain or `organizations`.
    pub tenant: String,
    /// The application that they signed in to, a GUID.
    pub client_id: String,
    /// The user principal name, if Entra ID said it. For people; nothing may be decided by it.
    pub user: Option<String>,
    /// The object id, a GUID, if Entra ID said it.
    pub user_id: Option<String>,
    /// The scopes of `access_token`.
    pub scopes: Vec<String>,
    /// The newest access token.
    pub access_token: AccessToken,
    /// What gets the next access token; `None` when Entra ID gave none.
    pub refresh_token: Option<SecretString>,
    /// When the tokens came.
    pub renewed_at: SystemTime,
}

impl SignIn {
    pub(crate) fn new(issuer: &Issuer, scopes: &[&str], tokens: Tokens) -> Self {
        let issuer = &issuer.0;
        Self {
            authority: issuer.authority.clone(),
            tenant: issuer.tenant.clone(),
            client_id: issuer.client_id.clone(),
            user: tokens.user,
            user_id: tokens.user_id,
            scopes: scopes.iter().map(ToString::to_string).collect(),
            access_token: tokens.access,
            refresh_token: tokens.refresh,
            renewed_at: SystemTime::now(),
        }
    }

    /// The application that they signed in to.
    #[must_use]
    pub fn application(&self) -> Application {
        Application::new(&self.tenant, &self.client_id).with_authority(&self.authority)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("authority", &redacted_address(&self.authority))
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .field("user_id", &self.user_id)
            .field("scopes", &self.scopes)
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("renewed_at", &self.renewed_at)
            .finish()
    }
}

/// The scopes of `request`, and those that make the response a sign-in.
pub(crate) fn scopes(request: &TokenRequest<'_>) -> Vec<Scope> {
    let own = OF_THE_USER.iter().filter(|it| !request.scopes.contains(it));
    let all = request.scopes.iter().chain(own);
    all.map(|it| Scope::new((*it).to_owned())).collect()
}

/// The refresh token of a sign-in of this process.
#[derive(Default)]
pub(crate) struct Kept {
    refresh: Arc<Mutex<Option<SecretString>>>,
    fetching: SingleFlight,
}

impl Kept {
    /// A token by the kept refresh token, or by `sign_in` when there is none of worth.
    pub(crate) async fn token(
        &self,
        issuer: &Issuer,
        request: &TokenRequest<'_>,
        sign_in: impl Future<Output = Result<SignIn>> + Send,
    ) -> Result<AccessToken> {
        // One prompt for all who wait, who share its failure.
        let turn = self.fetching.join(request).await?;
        turn.end(self.fetch(issuer, request, sign_in).await)
    }

    async fn fetch(
        &self,
        issuer: &Issuer,
        request: &TokenRequest<'_>,
        sign_in: impl Future<Output = Result<SignIn>> + Send,
    ) -> Result<AccessToken> {
        let renewal = renew(Arc::clone(&self.refresh), issuer.clone(), call(request));
        if let Some(token) = finished(renewal).await? {
            return Ok(token);
        }
        let sign_in = sign_in.await?;
        *self.refresh.lock().await = sign_in.refresh_token;
        Ok(sign_in.access_token)
    }
}

/// Spends the refresh token that is kept and keeps the next one. `None` when there is none, or it
/// is worth nothing any more.
async fn renew(
    kept: Arc<Mutex<Option<SecretString>>>,
    issuer: Issuer,
    call: OwnedTokenRequest,
) -> Result<Option<AccessToken>> {
    let mut kept = kept.lock().await;
    let Some(old) = kept.as_ref() else {
        return Ok(None);
    };
    let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
    match refresh(&issuer, old, &request(&call, &scopes)).await {
        Ok(tokens) => {
            if let Some(next) = tokens.refresh {
                *kept = Some(next);
            }
            Ok(Some(tokens.access))
        }
        Err(error) if error.kind() == ErrorKind::Unauthenticated => {
            *kept = None;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
