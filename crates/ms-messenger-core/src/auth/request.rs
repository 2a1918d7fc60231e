//! What a call needs of a token.

use super::token::AccessToken;

/// What a call needs of a token.
///
/// ```
/// use ms_messenger_core::TokenRequest;
///
/// let request = TokenRequest::new(&["https://graph.microsoft.com/.default"]).with_claims("{}");
/// assert_eq!(request.scopes.len(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokenRequest<'a> {
    /// The scopes that the token must have, e.g. `https://graph.microsoft.com/.default`.
    pub scopes: &'a [&'a str],
    /// A claims challenge of the resource, as decoded JSON, which the token must satisfy.
    pub claims: Option<&'a str>,
    /// A token that the resource has rejected; it must not be returned again.
    pub rejected: Option<&'a AccessToken>,
}

impl<'a> TokenRequest<'a> {
    /// Requests a token with `scopes`.
    #[must_use]
    pub const fn new(scopes: &'a [&'a str]) -> Self {
        Self {
            scopes,
            claims: None,
            rejected: None,
        }
    }

    /// Adds a claims challenge that the token must satisfy.
    #[must_use]
    pub const fn with_claims(mut self, claims: &'a str) -> Self {
        self.claims = Some(claims);
        self
    }

    /// Adds a token that was rejected.
    #[must_use]
    pub const fn with_rejected(mut self, token: &'a AccessToken) -> Self {
        self.rejected = Some(token);
        self
    }
}

/// A [`TokenRequest`] with owned members, for tasks and closures that outlive a borrow.
///
/// ```
/// use ms_messenger_core::{TokenRequest, auth::OwnedTokenRequest};
///
/// let owned = OwnedTokenRequest::from(&TokenRequest::new(&["Chat.Read"]));
/// assert_eq!(owned.scopes, ["Chat.Read"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnedTokenRequest {
    /// The scopes that the token must have.
    pub scopes: Vec<String>,
    /// A claims challenge of the resource, as decoded JSON.
    pub claims: Option<String>,
    /// A token that the resource has rejected.
    pub rejected: Option<AccessToken>,
}

impl From<&TokenRequest<'_>> for OwnedTokenRequest {
    fn from(request: &TokenRequest<'_>) -> Self {
        Self {
            scopes: request.scopes.iter().map(ToString::to_string).collect(),
            claims: request.claims.map(str::to_owned),
            rejected: request.rejected.cloned(),
        }
    }
}

/// Whether both ask for the same.
impl PartialEq<TokenRequest<'_>> for OwnedTokenRequest {
    fn eq(&self, request: &TokenRequest<'_>) -> bool {
        self.scopes == request.scopes
            && self.claims.as_deref() == request.claims
            && self.rejected.as_ref() == request.rejected
    }
}
