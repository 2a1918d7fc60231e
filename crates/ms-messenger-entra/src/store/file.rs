//! Sign-ins in encrypted files.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};
use ms_messenger_core::{Error, ErrorKind, Result};

use super::{
    disk::{is_absent, make_folder, move_aside, open_lock, unreadable, unusable},
    key::{Given, KeyFile, KeySource, StoreKey},
    sealed::{self, Broken},
    token_store::{StoreLock, TokenStore},
    unreadable::StoreFault,
};
use crate::SignIn;

/// The most bytes of the file of a sign-in.
const LONGEST: u64 = 1 << 20;
/// The most characters of a name.
const LONGEST_NAME: usize = 64;

/// A [`TokenStore`] with one encrypted file per sign-in in a folder: for machines without a
/// keyring.
///
/// * `NAME.sign-in` holds the sign-in under XChaCha20-Poly1305, for its owner alone (mode 0600),
///   and is replaced as a whole; `NAME.lock` is empty.
/// * A file that is damaged, encrypted under another key or written by another program is an error
///   that names it, with a [`StoreError`](super::StoreError) as its source. It is neither
///   overwritten nor deleted. [`set_aside`](TokenStore::set_aside) renames it to
///   `NAME.sign-in.aside-1`, or the next free number, and a damaged key file likewise.
/// * Names have 1 to 64 of the characters `A-Z a-z 0-9 . _ -` and do not begin with `.` or `-`.
///
/// ```
/// use ms_messenger_entra::{FileTokenStore, StoreKey, TokenStore};
///
/// # let folder = tempfile::tempdir().unwrap();
/// let store = FileTokenStore::new(folder.path(), StoreKey::random()?);
/// assert!(store.load("bot")?.is_none());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
pub struct FileTokenStore {
    folder: PathBuf,
    key: Box<dyn KeySource>,
}

impl FileTokenStore {
    /// Keeps sign-ins in `folder`, encrypted under `key`. The first sign-in creates the folder.
    pub fn new(folder: impl Into<PathBuf>, key: StoreKey) -> Self {
        Self::with_source(folder, Given(key))
    }

    /// Keeps sign-ins in `folder`, encrypted under the key in the file at `key_file`: base64, in a
    /// file for its owner alone (mode 0600). The first sign-in creates both. Read access to both
    /// is enough to act as the user: keep the key out of backups of the folder.
    pub fn with_key_file(folder: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self::with_source(folder, KeyFile(key_file.into()))
    }

    pub(super) fn with_source(folder: impl Into<PathBuf>, key: impl KeySource) -> Self {
        Self {
            folder: folder.into(),
            key: Box::new(key),
        }
    }

    /// Returns the path of the sign-in under `name`.
    ///
    /// # Errors
    ///
    /// `Config` when `name` is not a valid name.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        self.beside(name, "sign-in")
    }

    fn beside(&self, name: &str, kind: &str) -> Result<PathBuf> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !begins || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            let rule = "name of the sign-in: must be 1 to 64 of A-Z a-z 0-9 . _ - and not \
                        begin with . or -";
            return Err(Error::new(ErrorKind::Config, rule));
        }
        Ok(self.folder.join(format!("{name}.{kind}")))
    }

    /// Returns the key, or creates it. One process at a time creates it.
    fn key_to_write(&self) -> Result<StoreKey> {
        if let Some(key) = self.key.find()? {
            return Ok(key);
        }
        // No name begins with a dot.
        let path = self.folder.join(".key.lock");
        let lock = open_lock(&path)?;
        let locked = FileExt::lock(&lock);
        locked.map_err(|error| unusable(&path, "cannot be locked", Some(error)))?;
        match self.key.find()? {
            Some(key) => Ok(key),
            None => self.key.make(),
        }
    }

    fn read(path: &Path) -> Result<Option<Vec<u8>>> {
        let wrong = |error| unusable(path, "cannot be read", Some(error));
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        let mut bytes = Vec::new();
        let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
        if read.map_err(wrong)? as u64 > LONGEST {
            return Err(unreadable(path, StoreFault::Foreign));
        }
        Ok(Some(bytes))
    }

    fn write(path: &Path, bytes: &[u8]) -> Result<()> {
        let wrong = |error| unusable(path, "cannot be written", Some(error));
        let folder = make_folder(path)?;
        // Created for its owner alone, and renamed once all of it is on the disk.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
        file.write_all(bytes).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(path).map_err(|lost| wrong(lost.error))?;
        Ok(())
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self, name: &str) -> Result<Option<SignIn>> {
        let path = self.path(name)?;
        let Some(bytes) = Self::read(&path)? else {
            return Ok(None);
        };
        let Some(key) = self.key.find()? else {
            return Err(unreadable(&path, StoreFault::KeyLost));
        };
        match sealed::open(&bytes, name, &key) {
            Ok(sign_in) => Ok(Some(sign_in)),
            Err(Broken::Foreign) => Err(unreadable(&path, StoreFault::Foreign)),
            Err(Broken::Unopened) => Err(unreadable(&path, StoreFault::Damaged)),
        }
    }

    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()> {
        // What cannot be read is never replaced.
        self.load(name)?;
        let path = self.path(name)?;
        let bytes = sealed::seal(sign_in, name, &self.key_to_write()?)?;
        if bytes.len() as u64 > LONGEST {
            return Err(unusable(&path, "cannot hold more than 1 MiB", None));
        }
        Self::write(&path, &bytes)
    }

    fn remove(&self, name: &str) -> Result<bool> {
        if self.load(name)?.is_none() {
            return Ok(false);
        }
        let path = self.path(name)?;
        let removed = fs::remove_file(&path);
        removed.map_err(|error| unusable(&path, "cannot be deleted", Some(error)))?;
        Ok(true)
    }

    fn set_aside(&self, name: &str) -> Result<Vec<String>> {
        let moved = [
            move_aside(&self.path(name)?)?,
            self.key.set_aside_if_damaged()?,
        ];
        let places = moved.into_iter().flatten();
        Ok(places.map(|place| place.display().to_string()).collect())
    }

    fn try_lock(&self, name: &str) -> Result<Option<StoreLock>> {
        // A file of its own, because the file of the sign-in is replaced.
        let path = self.beside(name, "lock")?;
        let file = open_lock(&path)?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(StoreLock::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(unusable(&path, "cannot be locked", Some(error)))
            }
        }
    }
}
