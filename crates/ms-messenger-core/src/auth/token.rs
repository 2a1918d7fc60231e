//! An access token: a secret and the time at which it dies.

use std::{sync::Arc, time::SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::{Error, ErrorKind, Result};

/// An access token. Cheap to clone, wiped when the last clone goes, and never printed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccessToken {
    secret: Arc<SecretString>,
    expires_at: Option<SystemTime>,
}

impl AccessToken {
    /// A token of which it is not known when it expires.
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

    /// The token itself. Whoever asks must not print it.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Checks that a request can carry it in its header.
    ///
    /// # Errors
    ///
    /// `Config` when it is empty, or has white space, control characters or any other than the
    /// visible ones of ASCII. Nothing of it is repeated.
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

    /// When it expires, if that is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }
}

/// Two tokens are equal when their secrets are; the expiry does not count.
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
