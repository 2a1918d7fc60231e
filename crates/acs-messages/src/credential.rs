//! Who a client speaks as.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, CachedTokenProvider, Result, TokenProvider};
use ms_messenger_http::{AccessKey, Authorize, Bearer, HttpRequest, RejectedToken};

const ENTRA: &[&str] = &["https://communication.azure.com/.default"];
const USER: &[&str] = &[];

/// Who a client speaks as. It cannot be printed.
///
/// All three are accepted for both operations. For conversations the published SDK offers only
/// tokens, so that a message is sent as a participant; who the sender of a message with a key
/// is, is not documented.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// The access key of the resource: signs each try.
    AccessKey(AccessKey),
    /// A token with the scope `https://communication.azure.com/.default`, from Entra ID.
    Entra(Arc<dyn TokenProvider>),
    /// An ACS user access token.
    User(Arc<dyn TokenProvider>),
}

impl Credential {
    /// The access key of the resource, as the portal shows it.
    ///
    /// # Errors
    ///
    /// `Config` when it is not Base64.
    pub fn access_key(base64: &str) -> Result<Self> {
        AccessKey::parse(base64).map(Self::AccessKey)
    }

    /// Entra ID tokens, asked for with the scope `https://communication.azure.com/.default`.
    pub fn entra(provider: impl TokenProvider) -> Self {
        Self::Entra(Arc::new(CachedTokenProvider::new(provider)))
    }

    /// ACS user access tokens, asked for without a scope: they carry their own.
    pub fn user(provider: impl TokenProvider) -> Self {
        Self::User(Arc::new(CachedTokenProvider::new(provider)))
    }

    pub(crate) fn into_authorize(self) -> CredentialAuthorize {
        match self {
            Self::AccessKey(key) => CredentialAuthorize::Key(key),
            Self::Entra(provider) => CredentialAuthorize::Token(Bearer::new(provider, ENTRA)),
            Self::User(provider) => CredentialAuthorize::Token(Bearer::new(provider, USER)),
        }
    }
}

impl From<AccessKey> for Credential {
    fn from(key: AccessKey) -> Self {
        Self::AccessKey(key)
    }
}

#[derive(Debug)]
pub(crate) enum CredentialAuthorize {
    Key(AccessKey),
    Token(Bearer<Arc<dyn TokenProvider>>),
}

#[async_trait]
impl Authorize for CredentialAuthorize {
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        refusal: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        match self {
            Self::Key(key) => key.authorize(outgoing, refusal).await,
            Self::Token(bearer) => bearer.authorize(outgoing, refusal).await,
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Key(key) => key.check(),
            Self::Token(bearer) => bearer.check(),
        }
    }
}
