//! The registration of an application, from which every provider is built.

use std::{fmt, path::PathBuf, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Result, RetryPolicy};
use ms_messenger_http::{Endpoint, HttpClient, HttpOptions, Transport, redacted_address};
use secrecy::SecretString;
#[cfg(feature = "browser")]
use url::Url;

use crate::{
    ClientCredentials, DeviceCode, DevicePrompt, RefreshToken, SignIn, authority,
    issuer::{Inner, Issuer},
};

/// The registration of an application in Entra ID: the builder of every provider.
///
/// ```
/// use ms_messenger_entra::{Application, authority};
///
/// let provider = Application::new("contoso.onmicrosoft.us", "11111111-2222-3333-4444-555555555555")
///     .with_authority(authority::US_GOVERNMENT)
///     .device_code(|prompt| println!("{}", prompt.message))?;
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
///
/// `Debug` shows neither user info nor query of the authority.
#[derive(Clone)]
pub struct Application {
    authority: String,
    tenant: String,
    client_id: String,
    transport: Transport,
    claims_challenges: bool,
}

impl Application {
    /// Describes the application `client_id` in `tenant`: a GUID, a domain, or `organizations`.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            authority: authority::GLOBAL.to_owned(),
            tenant: tenant.into(),
            client_id: client_id.into(),
            transport: default_transport(),
            claims_challenges: false,
        }
    }

    /// Sets the authority, e.g. one of [`authority`]: https, or http on a loopback host. A bare
    /// host name means https. Default [`authority::GLOBAL`].
    ///
    /// ```
    /// use ms_messenger_entra::{Application, authority};
    ///
    /// let application = Application::new("contoso.onmicrosoft.us", "11111111-2222-3333-4444-555555555555")
    ///     .with_authority(authority::US_GOVERNMENT);
    /// ```
    #[must_use]
    pub fn with_authority(mut self, authority: impl Into<String>) -> Self {
        let authority = authority.into();
        let authority = authority.trim_end_matches('/');
        self.authority = if authority.contains("://") {
            authority.to_owned()
        } else {
            format!("https://{authority}")
        };
        self
    }

    /// The base address of the authority.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Uses `http`, and so shares its connections, instead of building a client.
    #[must_use]
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.transport = self.transport.with_http_client(http);
        self
    }

    /// Sets the options of the client that is built: time-outs, proxy, trusted certificates. By
    /// default a response may have 1 MiB. Without effect beside [`Self::with_http_client`].
    #[must_use]
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.transport = self.transport.with_http_options(options);
        self
    }

    /// Sets when a failed request is retried. By default never: the caller of a provider, such as
    /// a client of ms-messenger, retries.
    ///
    /// Retried is what the service did not execute (no connection, 429), and a passing failure
    /// where executing it twice does no harm. A refresh token or a code may be spent by a request
    /// whose response was lost, so after that such a request is not retried.
    ///
    /// ```
    /// use ms_messenger_core::RetryPolicy;
    /// use ms_messenger_entra::Application;
    ///
    /// let service = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
    ///     .with_retry_policy(RetryPolicy::default().with_max_attempts(3))
    ///     .client_secret("the secret")?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.transport = self.transport.with_retry_policy(retry);
        self
    }

    pub(crate) fn with_transport(self, transport: Transport) -> Self {
        Self { transport, ..self }
    }

    /// Sets whether the application handles claims challenges (`xms_cc`: `cp1`), as the clients of
    /// ms-messenger do. With another client, set it only if the client passes challenges on as
    /// [`TokenRequest::claims`](ms_messenger_core::TokenRequest::claims). Default `false`.
    #[must_use]
    pub fn with_claims_challenges(mut self, handles: bool) -> Self {
        self.claims_challenges = handles;
        self
    }

    /// Signs a user in with a code that `prompt` shows and the user enters on any device: for
    /// programs without a browser. A public client; no secret.
    ///
    /// ```
    /// use ms_messenger_entra::Application;
    ///
    /// let user = Application::new("organizations", "11111111-2222-3333-4444-555555555555")
    ///     .device_code(|prompt| println!("{}", prompt.message))?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` when authority, tenant or client id cannot be used.
    pub fn device_code(
        self,
        prompt: impl Fn(&DevicePrompt) + Send + Sync + 'static,
    ) -> Result<DeviceCode> {
        Ok(DeviceCode::new(self.issuer()?, Box::new(prompt)))
    }

    /// Signs a user in with the browser of this machine: `open` receives the address to show, and
    /// the response is redirected to a listener on loopback (authorization code with PKCE).
    /// A public client with the redirect URI `http://localhost`; no secret.
    ///
    /// ```
    /// use ms_messenger_entra::Application;
    ///
    /// let user = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
    ///     .authorization_code(|address| println!("open {address}"))?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` when authority, tenant or client id cannot be used.
    #[cfg(feature = "browser")]
    pub fn authorization_code(
        self,
        open: impl Fn(&Url) + Send + Sync + 'static,
    ) -> Result<crate::AuthorizationCode> {
        Ok(crate::AuthorizationCode::new(
            self.issuer()?,
            Box::new(open),
        ))
    }

    /// Uses the refresh token of an earlier sign-in: for programs that received one.
    /// A public client; no secret.
    ///
    /// # Errors
    ///
    /// `Config` when authority, tenant or client id cannot be used.
    pub fn refresh_token(self, token: impl Into<SecretString>) -> Result<RefreshToken> {
        Ok(RefreshToken::new(self.issuer()?, token.into()))
    }

    /// Signs the application itself in with a secret: for services. Graph does not let an
    /// application send ordinary Teams messages without a user.
    ///
    /// ```
    /// use ms_messenger_entra::Application;
    ///
    /// let service = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
    ///     .client_secret("the secret")?;
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `Config` when authority, tenant or client id cannot be used, as `common` and
    /// `organizations` cannot here.
    pub fn client_secret(self, secret: impl Into<SecretString>) -> Result<ClientCredentials> {
        Ok(ClientCredentials::with_secret(
            self.own_issuer()?,
            secret.into(),
        ))
    }

    /// Signs the application itself in with an assertion (a JWT). `source` is called for each
    /// token; it returns a JWT signed with a certificate, or the token of another issuer.
    ///
    /// # Errors
    ///
    /// As [`Self::client_secret`].
    pub fn client_assertion(
        self,
        source: impl Fn() -> Result<SecretString> + Send + Sync + 'static,
    ) -> Result<ClientCredentials> {
        Ok(ClientCredentials::with_assertion(
            self.own_issuer()?,
            Box::new(source),
        ))
    }

    /// Signs the application itself in with the assertion in the file at `path`, which is read
    /// for each token because it rotates: workload identity, `AZURE_FEDERATED_TOKEN_FILE`.
    ///
    /// # Errors
    ///
    /// As [`Self::client_secret`].
    pub fn federated_token_file(self, path: impl Into<PathBuf>) -> Result<ClientCredentials> {
        let path = path.into();
        self.client_assertion(move || {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Error::new(ErrorKind::Config, "the assertion file cannot be read")
                    .with_source(error)
            })?;
            if text.trim().is_empty() {
                return Err(Error::new(ErrorKind::Config, "the assertion file is empty"));
            }
            Ok(SecretString::from(text.trim()))
        })
    }

    fn own_issuer(self) -> Result<Issuer> {
        if matches!(self.tenant.as_str(), "common" | "organizations") {
            return Err(Error::new(
                ErrorKind::Config,
                "tenant: an application signs in to one tenant, named by its id or domain",
            ));
        }
        self.issuer()
    }

    pub(crate) fn issuer(self) -> Result<Issuer> {
        let in_tenant = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if !self.tenant.chars().all(in_tenant) || !self.tenant.contains(char::is_alphanumeric) {
            let rule = "tenant: must be a GUID, a domain or `organizations`";
            return Err(Error::new(ErrorKind::Config, rule));
        }
        if self.client_id.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "client id: must not be empty",
            ));
        }
        let authority = Endpoint::parse(&self.authority)?;
        let address =
            |leaf: &str| authority.address(&format!("/{}/oauth2/v2.0/{leaf}", self.tenant));
        let (authorize_url, token_url) = (address("authorize")?, address("token")?);
        let device_url = address("devicecode")?;
        Ok(Issuer(Arc::new(Inner {
            authority: self.authority,
            tenant: self.tenant,
            authorize_url,
            token_url,
            device_url,
            client_id: self.client_id,
            claims_challenges: self.claims_challenges,
            http: self.transport.client()?,
            retry: self.transport.retry_policy().clone(),
        })))
    }
}

/// The response to a token request is small, and the caller of a provider retries.
pub(crate) fn default_transport() -> Transport {
    Transport::default()
        .with_http_options(HttpOptions::default().with_max_response_bytes(1 << 20))
        .with_retry_policy(RetryPolicy::never())
}

impl SignIn {
    /// Returns the application that the user signed in to.
    #[must_use]
    pub fn application(&self) -> Application {
        Application::new(&self.tenant, &self.client_id).with_authority(&self.authority)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("authority", &redacted_address(&self.authority))
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("transport", &self.transport)
            .field("claims_challenges", &self.claims_challenges)
            .finish()
    }
}
