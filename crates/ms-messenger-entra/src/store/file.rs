//! Sign-ins in encrypted files.

use std::{
    fs,
    io::{ErrorKind as IoKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};
use ms_messenger_core::{Error, ErrorKind, Result};

use super::{
    StoreLock, TokenStore,
    key::{Given, KeyFile, KeySource, StoreKey},
    sealed::{self, Broken},
    unreadable::{StoreError, StoreFault},
};
use crate::SignIn;

/// The most bytes of the file of a sign-in.
const LONGEST: u64 = 1 << 20;
/// The most characters of a name.
const LONGEST_NAME: usize = 64;

/// A [`TokenStore`] of one encrypted file per sign-in in a folder of its own: for machines
/// without a keyring.
///
/// * `NAME.sign-in` holds the sign-in under XChaCha20-Poly1305, for its owner alone (mode 0600),
///   and is replaced as a whole; `NAME.lock` is empty.
/// * A file that is damaged, of another key or of another program is an error that names it, with
///   a [`StoreError`] as its source. It is neither overwritten nor deleted: whoever reads the
///   error decides. [`set_aside`](TokenStore::set_aside) renames it to `NAME.sign-in.aside-1`, or
///   the next number that is free, and a damaged file of the key likewise.
/// * Names have 1 to 64 of the characters `A-Z a-z 0-9 . _ -` and begin with none of `. -`.
#[derive(Debug)]
pub struct FileTokenStore {
    folder: PathBuf,
    key: Box<dyn KeySource>,
}

impl FileTokenStore {
    /// Sign-ins in `folder` under `key`. The folder is made by the first sign-in.
    pub fn new(folder: impl Into<PathBuf>, key: StoreKey) -> Self {
        Self::with_source(folder, Given(key))
    }

    /// Sign-ins in `folder` under the key in the file at `key_file`, base64 in a file for its
    /// owner alone (mode 0600). Both are made by the first sign-in. Whoever may read the two may
    /// act as the user: keep the key out of backups of the folder.
    pub fn with_key_file(folder: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        Self::with_source(folder, KeyFile(key_file.into()))
    }

    pub(super) fn with_source(folder: impl Into<PathBuf>, key: impl KeySource) -> Self {
        Self {
            folder: folder.into(),
            key: Box::new(key),
        }
    }

    /// The file of the sign-in under `name`.
    ///
    /// # Errors
    ///
    /// `Config` when `name` cannot be one.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        self.beside(name, "sign-in")
    }

    fn beside(&self, name: &str, kind: &str) -> Result<PathBuf> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !begins || name.len() > LONGEST_NAME || !name.chars().all(is_plain) {
            let rule = "name of the sign-in: must be 1 to 64 of A-Z a-z 0-9 . _ - and begin \
                        with none of . -";
            return Err(Error::new(ErrorKind::Config, rule));
        }
        Ok(self.folder.join(format!("{name}.{kind}")))
    }

    /// The key; a new one where there is none. One process at a time makes it.
    fn key_to_write(&self) -> Result<StoreKey> {
        if let Some(key) = self.key.find()? {
            return Ok(key);
        }
        // No name begins so.
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
            Err(error) if error.kind() == IoKind::NotFound => return Ok(None),
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
        // Made for its owner alone, and named only once all of it is on the disk.
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
        // What cannot be read is not ours to replace.
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
        // A file of its own, because the other one is replaced.
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

/// The empty file at `path`, to lock.
fn open_lock(path: &Path) -> Result<fs::File> {
    make_folder(path)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    file.map_err(|error| unusable(path, "cannot be locked", Some(error)))
}

/// Makes the folder of `path`, for its owner alone, where there is none.
pub(super) fn make_folder(path: &Path) -> Result<&Path> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    made.map_err(|error| unusable(folder, "cannot be made", Some(error)))?;
    Ok(folder)
}

/// A file of the store, and what is wrong with it. Its content is never part of it.
pub(super) fn unusable(path: &Path, why: &str, error: Option<std::io::Error>) -> Error {
    let name = path.display();
    let Some(error) = error else {
        return Error::new(ErrorKind::Config, format!("{name} {why}"));
    };
    let message = format!("{name} {why}: {}", error.kind());
    Error::new(ErrorKind::Config, message).with_source(error)
}

/// The file at `path` as it is cannot be used. Its content is never part of it.
pub(super) fn unreadable(path: &Path, fault: StoreFault) -> Error {
    let path = path.to_owned();
    unusable(&path, fault.as_str(), None).with_source(StoreError { path, fault })
}

/// Why [`unreadable`] made `error`, if it did.
pub(super) fn fault(error: &Error) -> Option<StoreFault> {
    let source = std::error::Error::source(error)?;
    Some(source.downcast_ref::<StoreError>()?.fault)
}

/// Renames the file at `path` to the first free name of its own with `aside` and a number.
/// Returns the new name; `None` when there is no file.
pub(super) fn move_aside(path: &Path) -> Result<Option<PathBuf>> {
    let wrong = |error| unusable(path, "cannot be set aside", Some(error));
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == IoKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    }
    for number in 1_u32.. {
        let mut place = path.as_os_str().to_owned();
        place.push(format!(".aside-{number}"));
        let place = PathBuf::from(place);
        // Taken first: a rename alone would replace what another process put there.
        match fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&place)
        {
            Ok(_) => {}
            Err(error) if error.kind() == IoKind::AlreadyExists => continue,
            Err(error) => return Err(wrong(error)),
        }
        if let Err(error) = fs::rename(path, &place) {
            let _ = fs::remove_file(&place);
            return Err(wrong(error));
        }
        return Ok(Some(place));
    }
    Err(unusable(path, "cannot be set aside: no name is free", None))
}
