//! The credentials that ACS accepts.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, auth::cached};

use super::AccessKey;
use crate::{Authorize, Bearer, HttpRequest, RejectedToken};

/// ACS user access tokens have the scopes with which they were issued; none are requested.
const NO_SCOPES: &[&str] = &[];

/// The credential of an ACS client: an access key, Entra ID tokens, or user access tokens.
///
/// `Debug` shows the kind and no secret. Tokens are cached here, unless the provider
/// caches them itself.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_http::acs::{AccessKey, Credential};
///
/// let by_key = Credential::access_key("c2VjcmV0")?;
/// let by_entra = Credential::entra(StaticToken::new("eyJ0eXAi"));
/// let by_user = Credential::user(StaticToken::new("eyJ0eXAi"));
/// assert!(by_user.is_user() && !by_key.is_user() && !by_entra.is_user());
/// assert!(!format!("{by_entra:?}").contains("eyJ0eXAi"));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credential(Kind);

#[derive(Clone, Debug)]
enum Kind {
    AccessKey(AccessKey),
    Entra(Arc<dyn TokenProvider>),
    User(Arc<dyn TokenProvider>),
}

impl Credential {
    /// Uses the access key of the resource, in Base64 as the portal shows it: it signs each
    /// attempt.
    ///
    /// # Errors
    ///
    /// `Config` when it is empty or not Base64; the error does not repeat it.
    pub fn access_key(base64: &str) -> Result<Self> {
        AccessKey::parse(base64).map(Self::from)
    }

    /// Uses Entra ID tokens of `provider`, requested with the scope of the client's service.
    pub fn entra(provider: impl TokenProvider) -> Self {
        Self(Kind::Entra(cached(provider)))
    }

    /// Uses ACS user access tokens of `provider`, requested without a scope: the tokens have their
    /// own.
    pub fn user(provider: impl TokenProvider) -> Self {
        Self(Kind::User(cached(provider)))
    }

    /// Returns whether it consists of user access tokens, which ACS Identity does not accept.
    #[must_use]
    pub fn is_user(&self) -> bool {
        matches!(self.0, Kind::User(_))
    }

    /// Returns what authorizes each attempt; Entra ID tokens are requested with `entra_scopes`.
    pub fn into_authorize(self, entra_scopes: &'static [&'static str]) -> impl Authorize {
        match self.0 {
            Kind::AccessKey(key) => CredentialAuthorize::Key(key),
            Kind::Entra(provider) => {
                CredentialAuthorize::Token(Bearer::new(provider, entra_scopes))
            }
            Kind::User(provider) => CredentialAuthorize::Token(Bearer::new(provider, NO_SCOPES)),
        }
    }
}

impl From<AccessKey> for Credential {
    fn from(key: AccessKey) -> Self {
        Self(Kind::AccessKey(key))
    }
}

#[derive(Debug)]
enum CredentialAuthorize {
    Key(AccessKey),
    Token(Bearer<Arc<dyn TokenProvider>>),
}

#[async_trait]
impl Authorize for CredentialAuthorize {
    async fn authorize(
        &self,
        request: &mut HttpRequest,
        rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        match self {
            Self::Key(key) => key.authorize(request, rejected).await,
            Self::Token(bearer) => bearer.authorize(request, rejected).await,
        }
    }

    fn check(&self) -> Result<()> {
        match self {
            Self::Key(key) => key.check(),
            Self::Token(bearer) => bearer.check(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http::Method;
    use ms_messenger_core::auth::TokenFn;

    use super::*;

    /// The number of tokens that two attempts request, and the scopes of the last request.
    async fn requests(credential: fn(Counting) -> Credential) -> (usize, Vec<String>) {
        let seen = Arc::new((AtomicUsize::new(0), std::sync::Mutex::new(Vec::new())));
        let authorize = credential(counting(Arc::clone(&seen))).into_authorize(&["the-scope"]);
        for _ in 0..2 {
            let url = "http://localhost:1/".parse().unwrap();
            let mut request = HttpRequest::new(Method::GET, url, Bytes::new());
            authorize.authorize(&mut request, None).await.unwrap();
            assert_eq!(request.headers["authorization"], "Bearer a-token");
        }
        let scopes = seen.1.lock().unwrap().clone();
        (seen.0.load(Ordering::SeqCst), scopes)
    }

    type Seen = Arc<(AtomicUsize, std::sync::Mutex<Vec<String>>)>;
    type Counting = Box<dyn TokenProvider>;

    fn counting(seen: Seen) -> Counting {
        Box::new(TokenFn::new(
            move |request: ms_messenger_core::auth::OwnedTokenRequest| {
                seen.0.fetch_add(1, Ordering::SeqCst);
                *seen.1.lock().unwrap() = request.scopes;
                std::future::ready(Ok(AccessToken::new("a-token")))
            },
        ))
    }

    #[tokio::test]
    async fn tokens_are_cached_and_requested_with_the_scopes_of_their_kind() {
        let entra = requests(Credential::entra).await;
        assert_eq!(entra, (1, vec!["the-scope".to_owned()]));
        let user = requests(Credential::user).await;
        assert_eq!(user, (1, Vec::new()));
    }
}
