//! Why a request, or an item of it, is rejected.

use crate::token_error::TokenError;

/// Why a request, or an item of it, is rejected. No variant holds a secret or a word of the sender.
///
/// ```
/// use ms_messenger_events::Rejection;
///
/// assert!(!Rejection::WrongSecret.is_sent_again());
/// let too_large = Rejection::TooLarge { length: 9, limit: 5 };
/// assert_eq!(too_large.to_string(), "the body has 9 bytes, the limit is 5");
/// assert!(too_large.is_sent_again());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The method is neither that of an event nor that of a handshake.
    #[error("the method is not supported")]
    Method,
    /// The request has no secret or no token where one is required.
    #[error("the request has no {0}")]
    Unsigned(&'static str),
    /// The secret is wrong.
    #[error("the secret does not match")]
    WrongSecret,
    /// The token is not valid.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The body is longer than the limit of the receiver.
    #[error("the body has {length} bytes, the limit is {limit}")]
    TooLarge {
        /// The length of the body in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The batch has more items than the limit of the receiver.
    #[error("the batch has more than {limit} items")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The body is not what the sender is documented to send.
    #[error("the body is not {0}")]
    Malformed(&'static str),
    /// The handshake is for an origin that is not allowed.
    #[error("the handshake names another origin")]
    ForeignOrigin,
    /// The handshake is for a subscription with another name.
    #[error("the handshake is for another subscription")]
    ForeignSubscription,
    /// The notification is for a subscription whose `clientState` is not known, yet.
    #[error("the subscription is unknown")]
    UnknownSubscription,
    /// The `clientState` of the notification is missing or wrong.
    #[error("the client state does not match")]
    WrongClientState,
    /// Encrypted content without validation tokens.
    #[error("the notification has encrypted content and no validation tokens")]
    NoValidationTokens,
    /// The notification is about a tenant for which no validation token is there.
    #[error("the notification is from another tenant")]
    ForeignTenant,
    /// The receiver has no private key for the certificate.
    #[error("the content is encrypted for a certificate whose key is unknown")]
    UnknownCertificate,
    /// The receiver was built without the feature `decryption`, or without tokens.
    #[error("encrypted content is not supported by this receiver")]
    EncryptionUnsupported,
    /// The symmetric key cannot be decrypted.
    #[error("the key of the content cannot be decrypted")]
    DataKey,
    /// The HMAC of the content does not match.
    #[error("the signature of the content does not match")]
    DataSignature,
    /// The content cannot be decrypted.
    #[error("the content cannot be decrypted")]
    Undecryptable,
}

impl Rejection {
    /// Returns whether the response asks the sender to send the same again, because the sender may
    /// be the right one and nothing was kept.
    #[must_use]
    pub fn is_sent_again(&self) -> bool {
        match self {
            Self::Token(error) => error.is_temporary(),
            Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Malformed(_)
            | Self::UnknownSubscription
            | Self::UnknownCertificate
            | Self::EncryptionUnsupported => true,
            _ => false,
        }
    }
}
