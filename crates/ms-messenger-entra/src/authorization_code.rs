//! A user who signs in with the browser of this machine.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};
use oauth2::{AuthorizationCode as Code, CsrfToken, PkceCodeChallenge, RedirectUrl};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    SignIn, TokenError,
    application::Issuer,
    loopback,
    sign_in::{Kept, scopes},
    tokens::Tokens,
};

/// About as long as a code of Entra ID lives.
const PATIENCE: Duration = Duration::from_secs(600);

type Open = Box<dyn Fn(&Url) + Send + Sync>;

/// Tokens of a user who signs in with a browser: authorization code with PKCE (RFC 7636) and a
/// redirect to loopback (RFC 8252). Later tokens come by the refresh token of the first sign-in,
/// kept in memory; the browser is opened again once that is worth nothing any more. Wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// # Cancel safety
///
/// A call that is dropped while the user is asked ends the prompt, and the next one prompts again.
/// A renewal by the refresh token is finished in a task of its own, and the next refresh token
/// kept.
pub struct AuthorizationCode {
    issuer: Issuer,
    open: Open,
    patience: Duration,
    login_hint: Option<String>,
    kept: Kept,
}

impl AuthorizationCode {
    pub(crate) fn new(issuer: Issuer, open: Open) -> Self {
        Self {
            issuer,
            open,
            patience: PATIENCE,
            login_hint: None,
            kept: Kept::default(),
        }
    }

    /// Sets how long the user may take. Default ten minutes.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets whom the page is to suggest, a user principal name.
    #[must_use]
    pub fn with_login_hint(mut self, user: impl Into<String>) -> Self {
        self.login_hint = Some(user.into());
        self
    }

    /// Opens the browser and waits for the user. The response is for a
    /// [`TokenStore`](crate::TokenStore); who wants tokens alone uses this as a `TokenProvider`.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when the user declined or did not come in time; `Config` when Entra ID
    /// refuses the application or the scopes; `Other` when loopback cannot be listened on; what
    /// keeps Entra ID from being reached.
    pub async fn sign_in(&self, request: &TokenRequest<'_>) -> Result<SignIn> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(no_listener)?;
        let port = listener.local_addr().map_err(no_listener)?.port();
        // By its name, the one redirect URI whose port Entra ID leaves open.
        let redirect = RedirectUrl::new(format!("http://localhost:{port}"));
        let redirect = redirect.map_err(|_| no_listener(std::io::ErrorKind::Other.into()))?;
        let client = self.issuer.client().set_redirect_uri(redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut page = client
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes(request))
            .set_pkce_challenge(challenge)
            .add_extra_param("response_mode", "query")
            .add_extra_param("prompt", "select_account");
        let claims = self.issuer.claims(request.claims)?;
        if let Some(claims) = &claims {
            page = page.add_extra_param("claims", claims);
        }
        if let Some(user) = &self.login_hint {
            page = page.add_extra_param("login_hint", user);
        }
        let (page, state) = page.url();
        (self.open)(&page);
        let redirected = loopback::redirected(listener, port, state);
        let code = match tokio::time::timeout(self.patience, redirected).await {
            Ok(redirected) => redirected?,
            Err(_) => return Err(TokenError::expired().into_core(0, None)),
        };
        let exchange = self.issuer.exchange();
        let mut grant = client
            .exchange_code(Code::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(verifier);
        if let Some(claims) = claims {
            grant = grant.add_extra_param("claims", claims);
        }
        let answered = grant.request_async(&exchange).await;
        let tokens = Tokens::of(&answered.map_err(|error| exchange.error(error))?)?;
        Ok(SignIn::new(&self.issuer, request.scopes, tokens))
    }
}

fn no_listener(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Other,
        "cannot listen on loopback for the browser",
    )
    .with_source(error)
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for AuthorizationCode {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let sign_in = self.sign_in(request);
        self.kept.token(&self.issuer, request, sign_in).await
    }
}
