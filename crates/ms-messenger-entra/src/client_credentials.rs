//! Tokens of the application itself.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use oauth2::{ClientSecret, Scope};
use secrecy::{ExposeSecret, SecretString};

use crate::{OnBehalfOf, issuer::Issuer, tokens::Tokens};

/// The value of `client_assertion_type` (RFC 7523).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

type AssertionSource = Box<dyn Fn() -> Result<SecretString> + Send + Sync>;

/// A provider of tokens of the application itself, which proves itself with a secret or an
/// assertion. It keeps no token: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// ```
/// use ms_messenger_core::CachedTokenProvider;
/// use ms_messenger_entra::Application;
///
/// let service = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
///     .client_secret("the secret")?;
/// let tokens = CachedTokenProvider::new(service);
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone)]
pub struct ClientCredentials {
    issuer: Issuer,
    credential: Arc<Credential>,
}

/// What an application proves its identity with.
pub(crate) enum Credential {
    Secret(SecretString),
    Assertion(AssertionSource),
}

impl ClientCredentials {
    pub(crate) fn with_secret(issuer: Issuer, secret: SecretString) -> Self {
        let credential = Arc::new(Credential::Secret(secret));
        Self { issuer, credential }
    }

    pub(crate) fn with_assertion(issuer: Issuer, source: AssertionSource) -> Self {
        let credential = Arc::new(Credential::Assertion(source));
        Self { issuer, credential }
    }

    /// Builds a provider that acts for the user of `token`: a delegated token whose audience is
    /// this application, as a caller of the application presents it. One provider per user.
    ///
    /// ```
    /// use ms_messenger_entra::Application;
    ///
    /// let application = Application::new("contoso.com", "11111111-2222-3333-4444-555555555555")
    ///     .client_secret("the secret")?;
    /// let user = application.on_behalf_of("the token of the request");
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    #[must_use]
    pub fn on_behalf_of(&self, token: impl Into<SecretString>) -> OnBehalfOf {
        OnBehalfOf::new(
            self.issuer.clone(),
            Arc::clone(&self.credential),
            token.into(),
        )
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for ClientCredentials {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let mut client = self.issuer.client();
        let assertion = match &*self.credential {
            Credential::Secret(secret) => {
                let secret = ClientSecret::new(secret.expose_secret().to_owned());
                client = client.set_client_secret(secret);
                None
            }
            Credential::Assertion(source) => Some(source()?),
        };
        let mut grant = client
            .exchange_client_credentials()
            .add_scopes(request.scopes.iter().map(|it| Scope::new((*it).to_owned())));
        if let Some(assertion) = &assertion {
            grant = grant
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion.expose_secret());
        }
        if let Some(claims) = self.issuer.claims(request.claims)? {
            grant = grant.add_extra_param("claims", claims);
        }
        let exchange = self.issuer.exchange().repeatable();
        let response = grant.request_async(&exchange).await;
        let response = response.map_err(|error| exchange.error(error))?;
        Ok(Tokens::of(&response)?.access)
    }
}
