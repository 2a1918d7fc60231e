//! A completed sign-in, and its refresh token.

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
    issuer::Issuer,
    refresh_token::{call, finished, refresh, request},
    tokens::Tokens,
};

/// The scopes in addition to those of the resource: the user's identity, and a refresh token.
const OF_THE_USER: [&str; 3] = ["offline_access", "openid", "profile"];

/// A completed sign-in of a user: everything needed to act for the user later. `Debug` shows no
/// token, and neither user info nor query of the authority.
///
/// [`DeviceCode::sign_in`](crate::DeviceCode::sign_in) and
/// [`AuthorizationCode::sign_in`](crate::AuthorizationCode::sign_in) return it, a
/// [`TokenStore`](crate::TokenStore) keeps it, and a [`StoredSignIn`](crate::StoredSignIn) uses it.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignIn {
    /// The authority, e.g. `https://login.microsoftonline.com`.
    pub authority: String,
    /// The tenant as configured: a GUID, a domain or `organizations`.
    pub tenant: String,
    /// The client id of the application, a GUID.
    pub client_id: String,
    /// The user principal name, if the id token contains it. For display only: it can change.
    pub user: Option<String>,
    /// The object id of the user, a GUID, if the id token contains it.
    pub user_id: Option<String>,
    /// The scopes of `access_token`.
    pub scopes: Vec<String>,
    /// The newest access token.
    pub access_token: AccessToken,
    /// The refresh token; `None` when Entra ID issued none.
    pub refresh_token: Option<SecretString>,
    /// When the tokens were issued.
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
    /// Returns a token for the kept refresh token, or by `sign_in` when there is no valid one.
    pub(crate) async fn token(
        &self,
        issuer: &Issuer,
        request: &TokenRequest<'_>,
        sign_in: impl Future<Output = Result<SignIn>> + Send,
    ) -> Result<AccessToken> {
        // One prompt for all waiting calls, which share its failure.
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

/// Uses the kept refresh token and keeps the next one. `None` when there is none, or it was
/// rejected.
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
