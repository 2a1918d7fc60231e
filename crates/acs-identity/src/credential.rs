//! Who a client speaks as.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, CachedTokenProvider, Result, TokenProvider};
use ms_messenger_http::{AccessKey, Authorize, Bearer, HttpRequest, RejectedToken};

/// The two slashes are no slip: both published SDKs ask for this scope, since the name of the
/// resource ends with a slash of its own.
const ENTRA: &[&str] = &["https://communication.azure.com//.default"];

/// Who a client speaks as. It cannot be printed.
///
/// User access tokens are what Identity hands out; it accepts none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// The access key of the resource: signs each try.
    AccessKey(AccessKey),
    /// A token with the scope `https://communication.azure.com//.default`, from Entra ID.
    Entra(Arc<dyn TokenProvider>),
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

    /// Entra ID tokens, asked for with the scope `https://communication.azure.com//.default`.
    /// They are cached here; `provider` need not do it.
    pub fn entra(provider: impl TokenProvider) -> Self {
        Self::Entra(Arc::new(CachedTokenProvider::new(provider)))
    }

    pub(crate) fn into_authorize(self) -> CredentialAuthorize {
        match self {
            Self::AccessKey(key) => CredentialAuthorize::Key(key),
            Self::Entra(provider) => CredentialAuthorize::Token(Bearer::new(provider, ENTRA)),
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
}
