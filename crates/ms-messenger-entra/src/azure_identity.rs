//! The credentials of the Azure SDK for Rust.

use std::{fmt, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use azure_core::{credentials::TokenCredential, error::ErrorKind as AzureKind};
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, Result, TokenProvider, TokenRequest,
};
use ms_messenger_http::one_line;

/// A provider of tokens of any credential of `azure_core`: managed identity, workload identity,
/// certificates, the Azure CLI and everything else in the crate `azure_identity`.
///
/// The HTTP client of `azure_core` includes TLS with its default features. Without them, and with
/// `rustls-ring` here, a program must install a provider of cryptography before it builds a
/// credential.
///
/// These credentials cache tokens and may return a token again that was rejected; that is an
/// error here, and so is a claims challenge, which they cannot pass on.
///
/// ```
/// use std::sync::Arc;
///
/// use azure_core::credentials::TokenCredential;
/// use ms_messenger_core::TokenProvider;
/// use ms_messenger_entra::AzureCredential;
///
/// fn provider(credential: Arc<dyn TokenCredential>) -> impl TokenProvider {
///     AzureCredential::new(credential)
/// }
/// ```
pub struct AzureCredential(Arc<dyn TokenCredential>);

impl AzureCredential {
    /// Wraps `credential`.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self(credential)
    }
}

/// The `Debug` form of the credential may contain secrets.
impl fmt::Debug for AzureCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AzureCredential").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for AzureCredential {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        if request.claims.is_some() {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "claims: credentials of azure_core cannot pass on a claims challenge",
            ));
        }
        let got = self.0.get_token(request.scopes, None).await.map_err(core)?;
        let token = AccessToken::new(got.token.secret().to_owned())
            .with_expires_at(SystemTime::from(got.expires_on));
        token.check()?;
        if request.rejected == Some(&token) {
            return Err(Error::new(
                ErrorKind::Unauthenticated,
                "the credential returned the rejected token again",
            ));
        }
        Ok(token)
    }
}

/// The error text of a credential of `azure_core`: the `source` of the [`Error`]. One line of at
/// most 1000 characters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AzureCredentialError {
    /// The text.
    pub text: String,
}

impl fmt::Display for AzureCredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for AzureCredentialError {}

/// Keeps only the text: the parts of the original may contain whole responses.
fn core(error: azure_core::Error) -> Error {
    let (kind, what) = match error.kind() {
        AzureKind::Io => (
            ErrorKind::Connect,
            "the credential has no connection to its issuer",
        ),
        AzureKind::HttpResponse { status, .. } if u16::from(*status) >= 500 => {
            (ErrorKind::Service, "the issuer of the credential failed")
        }
        _ => (
            ErrorKind::Unauthenticated,
            "the credential returned no token",
        ),
    };
    let text = one_line(&error.to_string());
    Error::new(kind, what)
        .with_delivery(Delivery::NotSent)
        .with_source(AzureCredentialError { text })
}
