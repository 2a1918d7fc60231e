//! A service that acts for the user who called it.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    application::Issuer,
    client_credentials::{ASSERTION_TYPE, Credential},
};

/// Tokens of a user who called this application, in exchange for the token that they brought
/// (the on-behalf-of flow). Made by
/// [`ClientCredentials::on_behalf_of`](crate::ClientCredentials::on_behalf_of). Asks anew each
/// time, and only as long as that token lives: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// When the user must do something first (`interaction_required`), the
/// [`TokenError`](crate::TokenError) has the `claims` to hand to the caller in the
/// `WWW-Authenticate` header of a 401.
pub struct OnBehalfOf {
    issuer: Issuer,
    credential: Arc<Credential>,
    token: SecretString,
}

impl OnBehalfOf {
    pub(crate) fn new(issuer: Issuer, credential: Arc<Credential>, token: SecretString) -> Self {
        Self {
            issuer,
            credential,
            token,
        }
    }
}

impl fmt::Debug for OnBehalfOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnBehalfOf")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for OnBehalfOf {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let issuer = &self.issuer.0;
        let scope = request.scopes.join(" ");
        let claims = self.issuer.claims(request.claims)?;
        let proof = match &*self.credential {
            Credential::Secret(secret) => secret.clone(),
            Credential::Assertion(source) => source()?,
        };
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("client_id", issuer.client_id.as_str()),
            ("assertion", self.token.expose_secret()),
            ("requested_token_use", "on_behalf_of"),
            ("scope", scope.as_str()),
        ];
        match &*self.credential {
            Credential::Secret(_) => fields.push(("client_secret", proof.expose_secret())),
            Credential::Assertion(_) => fields.extend([
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", proof.expose_secret()),
            ]),
        }
        if let Some(claims) = &claims {
            fields.push(("claims", claims));
        }
        let exchange = self.issuer.exchange();
        let tokens = exchange.form(&issuer.token_url, &fields).await?;
        Ok(tokens.access)
    }
}
