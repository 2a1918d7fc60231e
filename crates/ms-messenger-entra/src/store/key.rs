//! The key of an encrypted store.

use std::{
    fmt, fs,
    io::{ErrorKind as IoKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ms_messenger_core::{Error, ErrorKind, Result};
use secrecy::{
    ExposeSecret, SecretBox, SecretString,
    zeroize::{Zeroize, Zeroizing},
};

use super::{
    disk::{fault, is_absent, make_folder, move_aside, unreadable, unusable},
    unreadable::StoreFault,
};

/// The bytes of a key.
pub(super) const LENGTH: usize = 32;
/// More than any encoding of a key.
const LONGEST_FILE: u64 = 1024;

/// A key of 32 bytes. It is wiped when it is dropped, and never printed.
///
/// ```
/// use ms_messenger_entra::StoreKey;
///
/// let key = StoreKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
pub struct StoreKey(SecretBox<[u8; LENGTH]>);

impl StoreKey {
    /// Creates a key from random numbers of the operating system.
    ///
    /// # Errors
    ///
    /// `Other` when the operating system provides none.
    pub fn random() -> Result<Self> {
        let mut key = Self(SecretBox::new(Box::new([0; LENGTH])));
        fill(secrecy::ExposeSecretMut::expose_secret_mut(&mut key.0))?;
        Ok(key)
    }

    /// Reads a key: 32 bytes in base64 (RFC 4648 section 4), e.g. what
    /// `head -c 32 /dev/urandom | base64` prints. White space around it is ignored.
    ///
    /// # Errors
    ///
    /// `Config` for any other text; the error does not repeat it.
    pub fn parse(text: &str) -> Result<Self> {
        let mut key = Self(SecretBox::new(Box::new([0; LENGTH])));
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).unwrap_or_default());
        if bytes.len() != LENGTH {
            let rule = "the key of the token store: must be 32 bytes in base64";
            return Err(Error::new(ErrorKind::Config, rule));
        }
        secrecy::ExposeSecretMut::expose_secret_mut(&mut key.0).copy_from_slice(&bytes);
        Ok(key)
    }

    /// Returns the key in base64, as [`Self::parse`] reads it. Never log it.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.bytes()).into()
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        self.0.expose_secret()
    }
}

/// Fills `bytes` with random numbers of the operating system.
pub(super) fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|_| {
        bytes.zeroize();
        Error::new(
            ErrorKind::Other,
            "the operating system provides no random numbers",
        )
    })
}

/// The source of the key of a store.
pub(super) trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// The key, if there is one.
    fn find(&self) -> Result<Option<StoreKey>>;

    /// Creates a key and keeps it for the next [`Self::find`].
    fn make(&self) -> Result<StoreKey>;

    /// Moves a damaged key file aside. Returns its new place.
    fn set_aside_if_damaged(&self) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}

/// A key given by the program.
#[derive(Debug)]
pub(super) struct Given(pub(super) StoreKey);

impl KeySource for Given {
    fn find(&self) -> Result<Option<StoreKey>> {
        self.make().map(Some)
    }

    fn make(&self) -> Result<StoreKey> {
        Ok(StoreKey(SecretBox::new(Box::new(*self.0.bytes()))))
    }
}

/// A key in a file that only its owner may read.
#[derive(Debug)]
pub(super) struct KeyFile(pub(super) PathBuf);

impl KeySource for KeyFile {
    fn find(&self) -> Result<Option<StoreKey>> {
        let path = self.0.as_path();
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(unusable(path, "cannot be read", Some(error))),
        };
        let facts = file.metadata();
        let facts = facts.map_err(|error| unusable(path, "cannot be read", Some(error)))?;
        if facts.is_dir() {
            return Err(unusable(path, "is a folder, not a key file", None));
        }
        owner_alone(path, &facts)?;
        // With capacity for all of it, so that growing leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(2 * LONGEST_FILE as usize));
        match file.take(LONGEST_FILE).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == IoKind::InvalidData => {
                return Err(unreadable(path, StoreFault::KeyDamaged));
            }
            Err(error) => return Err(unusable(path, "cannot be read", Some(error))),
        }
        let key = StoreKey::parse(&text);
        key.map(Some)
            .map_err(|_| unreadable(path, StoreFault::KeyDamaged))
    }

    fn set_aside_if_damaged(&self) -> Result<Option<PathBuf>> {
        match self.find() {
            Err(error) if fault(&error) == Some(StoreFault::KeyDamaged) => move_aside(&self.0),
            _ => Ok(None),
        }
    }

    fn make(&self) -> Result<StoreKey> {
        let path = self.0.as_path();
        let wrong = |error| unusable(path, "cannot be written", Some(error));
        let folder = make_folder(path)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
        let key = StoreKey::random()?;
        let text = key.to_base64();
        file.write_all(text.expose_secret().as_bytes())
            .map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(key),
            // Another process created one meanwhile: that one counts.
            Err(lost) if lost.error.kind() == IoKind::AlreadyExists => {
                let key = self.find()?;
                key.ok_or_else(|| unusable(path, "was removed again", None))
            }
            Err(lost) => Err(wrong(lost.error)),
        }
    }
}

/// Rejects a file that other users may read or write.
#[cfg(unix)]
fn owner_alone(path: &Path, facts: &fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if facts.permissions().mode() & 0o077 != 0 {
        return Err(unusable(
            path,
            "must be for its owner alone (mode 0600)",
            None,
        ));
    }
    Ok(())
}

/// On other systems access rights are not checked.
#[cfg(not(unix))]
fn owner_alone(_: &Path, _: &fs::Metadata) -> Result<()> {
    Ok(())
}
