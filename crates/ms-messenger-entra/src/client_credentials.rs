//! The application as itself.

use std::fmt;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use oauth2::{ClientSecret, Scope};
use secrecy::{ExposeSecret, SecretString};

use crate::{application::Issuer, exchange};

type AssertionSource = Box<dyn Fn() -> Result<SecretString> + Send + Sync>;

/// Tokens of the application itself, by a secret or an assertion. Asks anew each time: wrap it
/// in a [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
pub struct ClientCredentials {
    issuer: Issuer,
    credential: Credential,
}

enum Credential {
    Secret(SecretString),
    Assertion(AssertionSource),
}

impl ClientCredentials {
    pub(crate) fn with_secret(issuer: Issuer, secret: SecretString) -> Self {
        let credential = Credential::Secret(secret);
        Self { issuer, credential }
    }

    pub(crate) fn with_assertion(issuer: Issuer, source: AssertionSource) -> Self {
        let credential = Credential::Assertion(source);
        Self { issuer, credential }
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
        let assertion = match &self.credential {
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
            const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            grant = grant
                .add_extra_param("client_assertion_type", KIND)
                .add_extra_param("client_assertion", assertion.expose_secret());
        }
        if let Some(claims) = self.issuer.claims(request.claims)? {
            grant = grant.add_extra_param("claims", claims);
        }
        let exchange = self.issuer.exchange();
        let answered = grant.request_async(&exchange).await;
        let answer = answered.map_err(|error| exchange.error(error))?;
        Ok(exchange::tokens(&answer)?.0)
    }
}
