//! Sign-ins under a key in the keyring of the operating system.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use keyring::Entry;
use ms_messenger_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, zeroize::Zeroizing};

use super::{FileTokenStore, StoreKey, StoreLock, TokenStore, key::KeySource};
use crate::SignIn;

/// The account of the key, beside the service that the caller names.
const ACCOUNT: &str = "key of the token store";

/// A [`TokenStore`] whose secret is in the operating system's keyring: Keychain on macOS, the
/// Credential Manager on Windows, the Secret Service elsewhere.
///
/// The keyring holds the key, and the folder the sign-ins under it, as those of a
/// [`FileTokenStore`]: tokens are longer than what the Credential Manager takes (2,560 bytes),
/// and a keyring has neither an atomic replacement nor a lock between processes.
#[derive(Debug)]
pub struct KeyringTokenStore(FileTokenStore);

impl KeyringTokenStore {
    /// Sign-ins in `folder`, under the key that the keyring keeps for `service`, e.g. the name of
    /// the program. Both are made by the first sign-in.
    ///
    /// # Errors
    ///
    /// `Config` when this machine has no keyring, or it cannot be reached.
    pub fn new(service: &str, folder: impl Into<PathBuf>) -> Result<Self> {
        let entry = Entry::new(service, ACCOUNT).map_err(no_keyring)?;
        Ok(Self::with_entry(entry, folder))
    }

    /// As [`Self::new`], with an entry of the caller's choice.
    #[must_use]
    pub fn with_entry(entry: Entry, folder: impl Into<PathBuf>) -> Self {
        let source = InKeyring(Mutex::new(entry));
        Self(FileTokenStore::with_source(folder, source))
    }
}

impl TokenStore for KeyringTokenStore {
    fn load(&self, name: &str) -> Result<Option<SignIn>> {
        self.0.load(name)
    }

    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()> {
        self.0.save(name, sign_in)
    }

    fn remove(&self, name: &str) -> Result<bool> {
        self.0.remove(name)
    }

    fn set_aside(&self, name: &str) -> Result<Vec<String>> {
        self.0.set_aside(name)
    }

    fn try_lock(&self, name: &str) -> Result<Option<StoreLock>> {
        self.0.try_lock(name)
    }
}

struct InKeyring(Mutex<Entry>);

impl std::fmt::Debug for InKeyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InKeyring").finish_non_exhaustive()
    }
}

impl InKeyring {
    fn entry(&self) -> std::sync::MutexGuard<'_, Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeySource for InKeyring {
    fn find(&self) -> Result<Option<StoreKey>> {
        match self.entry().get_password() {
            Ok(text) => StoreKey::parse(&Zeroizing::new(text)).map(Some),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(no_keyring(error)),
        }
    }

    fn make(&self) -> Result<StoreKey> {
        let key = StoreKey::random()?;
        let text = key.to_base64();
        let kept = self.entry().set_password(text.expose_secret());
        kept.map_err(no_keyring)?;
        Ok(key)
    }
}

/// The errors of a keyring may carry what it holds; only what it is about is told.
fn no_keyring(error: keyring::Error) -> Error {
    let why = match error {
        keyring::Error::NoDefaultStore => "this machine has none",
        keyring::Error::NoStorageAccess(_) => "it is locked or not there",
        keyring::Error::Ambiguous(_) => "it has several keys for this program",
        _ => "it cannot be used",
    };
    Error::new(ErrorKind::Config, format!("the keyring: {why}"))
}
