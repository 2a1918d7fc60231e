//! The application that signs in, and the providers made of it.

use std::{fmt, sync::Arc};

use ms_messenger_core::{Error, ErrorKind, Result};
use ms_messenger_http::{Endpoint, HttpClient, HttpOptions, redacted_address};
use secrecy::SecretString;
use url::Url;

use crate::{ClientCredentials, DeviceCode, DevicePrompt, RefreshToken, authority};

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
    http: Option<HttpClient>,
    claims_challenges: bool,
}

impl Application {
    /// The application `client_id` in `tenant`: a GUID, a domain, or `organizations`.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            authority: authority::GLOBAL.to_owned(),
            tenant: tenant.into(),
            client_id: client_id.into(),
            http: None,
            claims_challenges: false,
        }
    }

    /// Sets the authority, e.g. one of [`authority`]: https, or http on a loopback host. A host
    /// alone is taken for one over https. Default [`authority::GLOBAL`].
    #[must_use]
    pub fn with_authority(mut self, authority: impl Into<String>) -> Self {
        let authority = authority.into();
        let authority = authority.trim_end_matches('/');
        self.authority = match authority.contains("://") {
            true => authority.to_owned(),
            false => format!("https://{authority}"),
        };
        self
    }

    /// Shares the connections of `http` instead of making new ones.
    #[must_use]
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// Declares that the application handles claims challenges (`xms_cc`: `cp1`), as the clients
    /// of ms-messenger do. Elsewhere opt in only where the challenges of the resource are handed on
    /// as [`TokenRequest::claims`](ms_messenger_core::TokenRequest::claims).
    #[must_use]
    pub fn with_claims_challenges(mut self) -> Self {
        self.claims_challenges = true;
        self
    }

    /// Signs a user in by a code that `prompt` shows, to be typed in on any device: for
    /// programs without a browser. A public client; no secret.
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

    /// Signs a user in by the browser of this machine: `open` is given the address that it must
    /// show, and the response comes back to a listener on loopback (authorization code with PKCE).
    /// A public client with the redirect URI `http://localhost`; no secret.
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

    /// Signs a user in who signed in before: for programs that were handed a refresh token.
    /// A public client; no secret.
    ///
    /// # Errors
    ///
    /// `Config` when authority, tenant or client id cannot be used.
    pub fn refresh_token(self, token: impl Into<SecretString>) -> Result<RefreshToken> {
        Ok(RefreshToken::new(self.issuer()?, token.into()))
    }

    /// Signs the application itself in by a secret: for services. Graph does not let an
    /// application alone send ordinary Teams messages.
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

    /// Signs the application itself in by an assertion (a JWT), which `source` gives anew for
    /// each token: a certificate's signature, or another issuer's token.
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

    /// Signs the application itself in by the assertion in the file at `path`, read anew for
    /// each token because it rotates: workload identity, `AZURE_FEDERATED_TOKEN_FILE`.
    ///
    /// # Errors
    ///
    /// As [`Self::client_secret`].
    pub fn federated_token_file(
        self,
        path: impl Into<std::path::PathBuf>,
    ) -> Result<ClientCredentials> {
        let path = path.into();
        self.client_assertion(move || {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    "the file of the assertion cannot be read",
                )
                .with_source(error)
            })?;
            match text.trim() {
                "" => Err(Error::new(
                    ErrorKind::Config,
                    "the file of the assertion is empty",
                )),
                text => Ok(SecretString::from(text)),
            }
        })
    }

    fn own_issuer(self) -> Result<Issuer> {
        if matches!(self.tenant.as_str(), "common" | "organizations") {
            return Err(Error::new(
                ErrorKind::Config,
                "tenant: an application signs in to one tenant, by its id or domain",
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
            http: match self.http {
                Some(http) => http,
                None => HttpClient::new(&HttpOptions::default().with_max_response_bytes(1 << 20))?,
            },
        })))
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("authority", &redacted_address(&self.authority))
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("http", &self.http)
            .field("claims_challenges", &self.claims_challenges)
            .finish()
    }
}

/// An application, checked: where and as whom tokens are asked for.
#[derive(Clone)]
pub(crate) struct Issuer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) authorize_url: Url,
    pub(crate) token_url: Url,
    pub(crate) device_url: Url,
    pub(crate) client_id: String,
    pub(crate) claims_challenges: bool,
    pub(crate) http: HttpClient,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("token_url", &self.0.token_url.as_str())
            .field("client_id", &self.0.client_id)
            .finish_non_exhaustive()
    }
}
