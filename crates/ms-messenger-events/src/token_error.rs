//! Why a token is rejected.

/// Why a token of Entra ID is rejected.
///
/// ```
/// use ms_messenger_events::TokenError;
///
/// assert_eq!(TokenError::Audience.to_string(), "the token is for another application");
/// assert!(TokenError::UnknownKey.is_temporary() && !TokenError::Signature.is_temporary());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is longer than 16 KiB.
    #[error("the token is too long")]
    TooLong,
    /// It is not a JWT.
    #[error("the token is malformed")]
    Malformed,
    /// Its algorithm is not RS256.
    #[error("the token is signed with an algorithm other than RS256")]
    Algorithm,
    /// It is signed with a key that is not among the known ones. The tenant may have a new key: fetch
    /// its keys again.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// Its signature does not match.
    #[error("the signature of the token does not match")]
    Signature,
    /// Its `aud` is another application.
    #[error("the token is for another application")]
    Audience,
    /// Its `iss` is not an issuer of its tenant.
    #[error("the token is from another issuer")]
    Issuer,
    /// Its `tid` is not one of the own tenants.
    #[error("the token is from another tenant")]
    Tenant,
    /// Its `appid` or `azp` is not the sender.
    #[error("the token was issued to another application than the sender")]
    Application,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl TokenError {
    /// Returns whether the sender may be the right one all the same, and the request accepted
    /// later: under a key that is not known yet, or with a new token.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::UnknownKey | Self::Expired | Self::NotYetValid)
    }
}
