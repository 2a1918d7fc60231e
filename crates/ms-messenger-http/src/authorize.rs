//! Who a try is made for.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};
use url::Url;

/// One try, as it will go out. `Debug` shows neither headers nor body nor query.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers so far.
    pub headers: HeaderMap,
    /// The body, the same for every try.
    pub body: Bytes,
    /// How long the try may take, if not as long as the client says.
    pub timeout: Option<Duration>,
}

impl HttpRequest {
    /// A try without headers.
    #[must_use]
    pub fn new(method: Method, url: Url, body: Bytes) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body,
            timeout: None,
        }
    }

    /// Adds `token` as a bearer token.
    ///
    /// # Errors
    ///
    /// `Config` when it has characters that no header can carry.
    pub fn set_bearer(&mut self, token: &AccessToken) -> Result<()> {
        self.headers
            .insert(header::AUTHORIZATION, bearer_value(token)?);
        Ok(())
    }
}

fn bearer_value(token: &AccessToken) -> Result<HeaderValue> {
    let mut line = Vec::with_capacity(7 + token.secret().len());
    line.extend_from_slice(b"Bearer ");
    line.extend_from_slice(token.secret().as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(line)).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            "the token has characters that no header can carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

/// The refusal (401) of the try before.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RejectedToken {
    /// The token that was refused.
    pub token: AccessToken,
    /// The claims challenge that came with it, as JSON text.
    pub claims: Option<String>,
}

/// Adds a credential to a try. Runs anew, last of all, for each try.
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync + 'static {
    /// Adds the credential to `outgoing`. `refusal` has the token that this method answered for
    /// the try before, which the service refused with 401.
    ///
    /// Answers the token that was used, if it is one that can be renewed: the call is then
    /// tried once more after a 401.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from getting a credential; nothing was sent then.
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        refusal: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>>;

    /// Checks the credential as far as that needs no I/O. By default there is nothing to check.
    ///
    /// # Errors
    ///
    /// Why [`authorize`](Self::authorize) would fail.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A bearer token from a [`TokenProvider`].
#[derive(Debug)]
pub struct Bearer<P> {
    provider: P,
    scopes: &'static [&'static str],
}

impl<P: TokenProvider> Bearer<P> {
    /// Asks `provider` for a token with `scopes` before each try.
    pub fn new(provider: P, scopes: &'static [&'static str]) -> Self {
        Self { provider, scopes }
    }
}

#[async_trait]
impl<P: TokenProvider> Authorize for Bearer<P> {
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        refusal: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let mut request = TokenRequest::new(self.scopes);
        request.rejected = refusal.map(|it| &it.token);
        request.claims = refusal.and_then(|it| it.claims.as_deref());
        let token = self.provider.token(&request).await?;
        outgoing.set_bearer(&token)?;
        Ok(Some(token))
    }

    fn check(&self) -> Result<()> {
        match self
            .provider
            .cached_token(&TokenRequest::new(self.scopes))?
        {
            Some(token) => bearer_value(&token).map(drop),
            None => Ok(()),
        }
    }
}
