//! Tokens for the user of a caller.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    client_credentials::{ASSERTION_TYPE, Credential},
    issuer::Issuer,
};

/// A provider of tokens for the user of a caller, in exchange for the token that the caller
/// presented (the on-behalf-of flow). Built by
/// [`ClientCredentials::on_behalf_of`](crate::ClientCredentials::on_behalf_of). It keeps no
/// token, and works until the presented token expires: wrap it in a
/// [`CachedTokenProvider`](ms_messenger_core::CachedTokenProvider).
///
/// When the user must do something first (`interaction_required`), the
/// [`TokenError`](crate::TokenError) contains the `claims` to return to the caller in the
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
        let exchange = self.issuer.exchange().repeatable();
        let tokens = exchange.form(&issuer.token_url, &fields).await?;
        Ok(tokens.access)
    }
}
