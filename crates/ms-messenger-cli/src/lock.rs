//! Locks of outbox files, between processes.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};
use ms_messenger::{Error, ErrorKind, Result};

use crate::files::unwritable;

/// A lock, held until it is dropped or its process ends. The file stays: deleting it would let two
/// processes lock two files of the same name.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks an outbox file against every other worker. `None` if another process has it.
    ///
    /// # Errors
    ///
    /// `Config` when the lock file cannot be created, `Service` when the disk is full.
    pub(crate) fn exclusive(outbox: &Path) -> Result<Option<Self>> {
        Self::take(outbox, FileExt::try_lock)
    }

    /// Locks an outbox file against a sole owner. `None` if it has one.
    ///
    /// # Errors
    ///
    /// `Config` when the lock file cannot be created, `Service` when the disk is full.
    pub(crate) fn shared(outbox: &Path) -> Result<Option<Self>> {
        Self::take(outbox, FileExt::try_lock_shared)
    }

    fn take(
        outbox: &Path,
        lock: fn(&File) -> std::result::Result<(), TryLockError>,
    ) -> Result<Option<Self>> {
        let path = lock_path(outbox);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let unusable = |error: io::Error| {
            let why = unwritable(&path, &error);
            let kind = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Service,
                _ => ErrorKind::Config,
            };
            Error::new(kind, format!("{}: {why}", path.display())).with_source(error)
        };
        let file = options.open(&path).map_err(unusable)?;
        match lock(&file) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

/// Returns the one path of a file that has several, by links.
fn resolved(outbox: &Path) -> PathBuf {
    if let Ok(path) = outbox.canonicalize() {
        return path;
    }
    let folder = outbox.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (folder, outbox.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => outbox.to_owned(),
    }
}

/// A lock on the database file itself would end the locks of SQLite.
fn lock_path(outbox: &Path) -> PathBuf {
    let mut name = OsString::from(resolved(outbox));
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sole_owner_excludes_all_others_and_workers_exclude_it_only() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = folder.path().join("a.outbox");
        let owner = Lock::exclusive(&outbox).unwrap();
        assert!(owner.is_some());
        assert!(Lock::exclusive(&outbox).unwrap().is_none());
        assert!(Lock::shared(&outbox).unwrap().is_none());
        drop(owner);
        let one = Lock::shared(&outbox).unwrap();
        let other = Lock::shared(&outbox).unwrap();
        assert!(one.is_some() && other.is_some());
        assert!(Lock::exclusive(&outbox).unwrap().is_none());
        assert!(!outbox.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_has_the_lock_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (outbox, link) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&outbox, "").unwrap();
        std::os::unix::fs::symlink(&outbox, &link).unwrap();
        let owner = Lock::exclusive(&outbox).unwrap();
        assert!(owner.is_some());
        assert!(Lock::exclusive(&link).unwrap().is_none());
    }
}
