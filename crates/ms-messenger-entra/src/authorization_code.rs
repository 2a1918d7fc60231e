//! Sign-in with the browser of this machine.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};
use oauth2::{AuthorizationCode as Code, CsrfToken, PkceCodeChallenge, RedirectUrl};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use url::Url;

use crate::{
    SignIn, TokenError,
    issuer::Issuer,
    loopback,
    sign_in::{Kept, scopes},
    tokens::Tokens,
};

/// About as long as a code of Entra ID is valid.
const TIMEOUT: Duration = Duration::from_secs(600);

type Open = Box<dyn Fn(&Url) + Send + Sync>;

/// A provider of tokens of a user who signs in with a browser: authorization code with PKCE
/// (RFC 7636) and a redirect to loopback (RFC 8252). Later tokens are fetched with the refresh
/// token of the first sign-in, which is kept in memory; when that is rejected, the browser is
/// opened again. Wrap it in a [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// ```
/// use std::time::Duration;
///
/// use ms_messenger_entra::Application;
///
/// let user = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
///     .authorization_code(|address| println!("open {address}"))?
///     .with_timeout(Duration::from_secs(300))
///     .with_login_hint("alice@contoso.com");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
///
/// # Cancel safety
///
/// A call that is dropped while it waits for the user ends the prompt; the next call prompts
/// again. A renewal with the refresh token is finished in a task of its own, and the next refresh
/// token is kept.
pub struct AuthorizationCode {
    issuer: Issuer,
    open: Open,
    timeout: Duration,
    login_hint: Option<String>,
    kept: Kept,
}

impl AuthorizationCode {
    pub(crate) fn new(issuer: Issuer, open: Open) -> Self {
        Self {
            issuer,
            open,
            timeout: TIMEOUT,
            login_hint: None,
            kept: Kept::default(),
        }
    }

    /// Sets how long to wait for the user. Default ten minutes.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the account that the page suggests, a user principal name.
    #[must_use]
    pub fn with_login_hint(mut self, user: impl Into<String>) -> Self {
        self.login_hint = Some(user.into());
        self
    }

    /// Opens the browser and waits until the sign-in is complete. The result is for a
    /// [`TokenStore`](crate::TokenStore); as a `TokenProvider` it returns tokens alone.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when the user declined or did not sign in in time; `Config` when Entra ID
    /// rejects the application or the scopes; `Other` when no listener can be opened on loopback;
    /// any failure to reach Entra ID.
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
        let code = match tokio::time::timeout(self.timeout, redirected).await {
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
        let response = grant.request_async(&exchange).await;
        let tokens = Tokens::of(&response.map_err(|error| exchange.error(error))?)?;
        Ok(SignIn::new(&self.issuer, request.scopes, tokens))
    }
}

fn no_listener(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Other,
        "no listener can be opened on loopback for the browser",
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
