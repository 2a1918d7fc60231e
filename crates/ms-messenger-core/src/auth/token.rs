//! An access token: a secret and the time at which it expires.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind, Result};

/// An access token. Cheap to clone, wiped from memory when the last clone is dropped, and never
/// printed.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_core::AccessToken;
///
/// let hour = Duration::from_secs(3600);
/// let token = AccessToken::new("eyJ0eXAi").with_expires_at(SystemTime::now() + hour);
/// assert!(!format!("{token:?}").contains("eyJ0eXAi"));
/// ```
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Arc<SecretString>,
    expires_at: Option<SystemTime>,
}

impl AccessToken {
    /// Creates a token whose expiry is not known.
    pub fn new(secret: impl Into<SecretString>) -> Self {
        Self {
            secret: Arc::new(secret.into()),
            expires_at: None,
        }
    }

    /// Sets the time at which it expires.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Returns the raw token. Never log it.
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Checks that the token can be sent in a header.
    ///
    /// # Errors
    ///
    /// `Config` if it is empty, or has other characters than the visible ones of ASCII. The error
    /// repeats nothing of it.
    pub fn check(&self) -> Result<()> {
        let text = match self.secret() {
            "" => "the token is empty",
            secret if secret.bytes().all(|b| b.is_ascii_graphic()) => return Ok(()),
            _ => {
                "the token has characters that no header can carry: white space, control \
                 characters or others than ASCII"
            }
        };
        Err(Error::new(ErrorKind::Config, text))
    }

    /// Returns when it expires, if that is known.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Returns whether it is valid at `now`, by its expiry. A token without a known expiry is.
    pub fn is_valid_at(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns when a token that was issued at `issued_at` is to be renewed: `early` before it
    /// expires, or at half of its lifetime if that is later. `None` if its expiry is not known.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use ms_messenger_core::AccessToken;
    ///
    /// let minutes = |m: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(60 * m);
    /// let token = AccessToken::new("t").with_expires_at(minutes(60));
    /// let early = Duration::from_secs(5 * 60);
    /// assert_eq!(token.renew_at(minutes(0), early), Some(minutes(55)));
    /// assert_eq!(token.renew_at(minutes(58), early), Some(minutes(59)));
    /// ```
    pub fn renew_at(&self, issued_at: SystemTime, early: Duration) -> Option<SystemTime> {
        let end = self.expires_at?;
        let life = end.duration_since(issued_at).unwrap_or_default();
        end.checked_sub(early.min(life / 2))
    }
}

/// Tokens are compared by their secrets only.
impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.secret, &other.secret) || self.secret() == other.secret()
    }
}

impl Eq for AccessToken {}

impl From<&str> for AccessToken {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl From<String> for AccessToken {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

impl From<SecretString> for AccessToken {
    fn from(secret: SecretString) -> Self {
        Self::new(secret)
    }
}
