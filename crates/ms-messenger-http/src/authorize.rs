//! The credential of each attempt.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};
use url::Url;

use crate::departure::Departure;

/// The request of one attempt. `Debug` shows neither headers nor body nor query.
///
/// ```
/// use ms_messenger_http::{Bytes, Endpoint, HttpRequest, Method};
///
/// let address = Endpoint::parse("http://localhost:8410")?.address("/pages")?;
/// let mut request = HttpRequest::new(Method::GET, address, Bytes::new());
/// request.set_bearer(&"eyJ0eXAi".into())?;
/// assert!(!format!("{request:?}").contains("eyJ0eXAi"));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers so far.
    pub headers: HeaderMap,
    /// The body, the same for every attempt.
    pub body: Bytes,
    /// The time-out of the attempt, if it is not that of the client.
    pub timeout: Option<Duration>,
    /// Of a message with a journal.
    pub(crate) departure: Option<Departure>,
}

impl HttpRequest {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, url: Url, body: Bytes) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body,
            timeout: None,
            departure: None,
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

/// A token that the service rejected (401).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RejectedToken {
    /// The token.
    pub token: AccessToken,
    /// The claims challenge that came with it, as JSON text.
    pub claims: Option<String>,
}

/// Adds a credential to each request, as its last header.
///
/// ```
/// use async_trait::async_trait;
/// use ms_messenger_core::{AccessToken, Result};
/// use ms_messenger_http::{Authorize, HeaderName, HeaderValue, HttpRequest, RejectedToken};
///
/// /// A key in a header of its own, which cannot be renewed.
/// #[derive(Debug)]
/// struct ApiKey(HeaderValue);
///
/// #[async_trait]
/// impl Authorize for ApiKey {
///     async fn authorize(
///         &self,
///         request: &mut HttpRequest,
///         _rejected: Option<&RejectedToken>,
///     ) -> Result<Option<AccessToken>> {
///         let name = HeaderName::from_static("x-api-key");
///         request.headers.insert(name, self.0.clone());
///         Ok(None)
///     }
/// }
/// ```
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync + 'static {
    /// Adds the credential to `request`, again for each attempt. `rejected` has the token that this
    /// method returned for the attempt before, if the service rejected it.
    ///
    /// Returns the token that was used, if it can be renewed: after a 401, the call is then
    /// attempted once more.
    ///
    /// # Errors
    ///
    /// When no credential can be had; nothing was sent then.
    async fn authorize(
        &self,
        request: &mut HttpRequest,
        rejected: Option<&RejectedToken>,
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
///
/// ```
/// use ms_messenger_core::{CachedTokenProvider, StaticToken};
/// use ms_messenger_http::Bearer;
///
/// let token = CachedTokenProvider::new(StaticToken::new("eyJ0eXAi"));
/// let bearer = Bearer::new(token, &["https://graph.microsoft.com/.default"]);
/// assert!(!format!("{bearer:?}").contains("eyJ0eXAi"));
/// ```
pub struct Bearer<P> {
    provider: P,
    scopes: &'static [&'static str],
    /// The header of the token that was used last: a token serves many requests.
    header: Mutex<Option<(AccessToken, HeaderValue)>>,
}

impl<P: fmt::Debug> fmt::Debug for Bearer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("provider", &self.provider)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl<P: TokenProvider> Bearer<P> {
    /// Asks `provider` for a token with `scopes` before each attempt.
    pub fn new(provider: P, scopes: &'static [&'static str]) -> Self {
        Self {
            provider,
            scopes,
            header: Mutex::default(),
        }
    }

    fn header(&self, token: &AccessToken) -> Result<HeaderValue> {
        let mut header = self.header.lock().unwrap_or_else(PoisonError::into_inner);
        match &*header {
            Some((of, value)) if of == token => Ok(value.clone()),
            _ => {
                let value = bearer_value(token)?;
                *header = Some((token.clone(), value.clone()));
                Ok(value)
            }
        }
    }
}

#[async_trait]
impl<P: TokenProvider> Authorize for Bearer<P> {
    async fn authorize(
        &self,
        request: &mut HttpRequest,
        rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let mut wanted = TokenRequest::new(self.scopes);
        wanted.rejected = rejected.map(|it| &it.token);
        wanted.claims = rejected.and_then(|it| it.claims.as_deref());
        let token = self.provider.token(&wanted).await?;
        let header = self.header(&token)?;
        request.headers.insert(header::AUTHORIZATION, header);
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
