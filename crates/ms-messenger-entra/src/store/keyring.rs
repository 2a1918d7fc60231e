//! Sign-ins encrypted under a key in the keyring of the operating system.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use keyring::Entry;
use ms_messenger_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, zeroize::Zeroizing};

use super::{
    file::FileTokenStore,
    key::{KeySource, StoreKey},
    token_store::{StoreLock, TokenStore},
};
use crate::SignIn;

/// The account of the key; the caller names the service.
const ACCOUNT: &str = "key of the token store";

/// A [`TokenStore`] whose key is in the keyring of the operating system: Keychain on macOS, the
/// Credential Manager on Windows, the Secret Service elsewhere.
///
/// The sign-ins are encrypted files in a folder, as those of a [`FileTokenStore`]: tokens are
/// longer than what the Credential Manager accepts (2,560 bytes), and a keyring has neither an
/// atomic replacement nor a lock between processes.
///
/// ```no_run
/// use ms_messenger_entra::{KeyringTokenStore, StoredSignIn};
///
/// let store = KeyringTokenStore::new("contoso-bot", "/var/lib/bot/state")?;
/// let user = StoredSignIn::new(store, "bot");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
pub struct KeyringTokenStore(FileTokenStore);

impl KeyringTokenStore {
    /// Keeps sign-ins in `folder`, encrypted under the key that the keyring has for `service`, e.g.
    /// the name of the program. The first sign-in creates both.
    ///
    /// # Errors
    ///
    /// `Config` when this machine has no keyring, or it cannot be used.
    pub fn new(service: &str, folder: impl Into<PathBuf>) -> Result<Self> {
        let entry = Entry::new(service, ACCOUNT).map_err(no_keyring)?;
        Ok(Self::with_entry(entry, folder))
    }

    /// As [`Self::new`], with the given entry of the keyring.
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

/// The errors of a keyring may contain secrets: only their kind is reported.
fn no_keyring(error: keyring::Error) -> Error {
    let why = match error {
        keyring::Error::NoDefaultStore => "this machine has none",
        keyring::Error::NoStorageAccess(_) => "it is locked or not running",
        keyring::Error::Ambiguous(_) => "it has several keys for this program",
        _ => "it cannot be used",
    };
    Error::new(ErrorKind::Config, format!("the keyring: {why}"))
}
