//! Whether the path of a database still names the file that is open.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::error::{OutboxError, OutboxErrorKind, Result};

/// How often the path is looked at, at most.
const EVERY: Duration = Duration::from_millis(100);

/// A database file that is open.
///
/// On Unix, an open file can be deleted, or another one moved into its place. What is written to it
/// after that is lost.
#[derive(Debug)]
pub(super) struct OpenFile {
    path: PathBuf,
    /// Device and number; `None` where they are not known.
    id: Option<(u64, u64)>,
    opened_at: Instant,
    /// When the path was looked at last, in milliseconds.
    checked_at: AtomicU64,
}

impl OpenFile {
    /// Creates one for a file that was just opened.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            // As SQLite does it: the working directory may change.
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            id: id(path).ok().flatten(),
            opened_at: Instant::now(),
            checked_at: AtomicU64::new(0),
        }
    }

    /// Checks that the path still names this file.
    ///
    /// # Errors
    ///
    /// `NoOutbox` if it was deleted or replaced.
    pub(super) fn check(&self) -> Result<()> {
        let now = u64::try_from(self.opened_at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let since = now.saturating_sub(self.checked_at.load(Ordering::Relaxed));
        if self.id.is_none() || u128::from(since) < EVERY.as_millis() {
            return Ok(());
        }
        let is_gone = match id(&self.path) {
            Ok(id) => id != self.id,
            // Of anything else, such as a folder that may not be searched any more, nothing follows.
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        if !is_gone {
            self.checked_at.store(now, Ordering::Relaxed);
            return Ok(());
        }
        let text = "the database file was deleted or replaced while it was open: what was written \
                    to it since then is lost";
        Err(OutboxError::new(OutboxErrorKind::NoOutbox, text))
    }
}

#[cfg(unix)]
fn id(path: &Path) -> io::Result<Option<(u64, u64)>> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata()?;
    Ok(Some((metadata.dev(), metadata.ino())))
}

/// Elsewhere, a file that is open can be neither deleted nor replaced.
#[cfg(not(unix))]
fn id(_: &Path) -> io::Result<Option<(u64, u64)>> {
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_file_that_is_gone_or_another_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("o.db");
        let look = |file: &OpenFile| {
            file.checked_at.store(0, Ordering::Relaxed);
            file.check().map_err(|error| error.kind())
        };
        fs::write(&path, "").unwrap();
        let mut file = OpenFile::new(&path);
        file.opened_at = Instant::now().checked_sub(2 * EVERY).unwrap();
        assert_eq!(look(&file), Ok(()));
        // A path that cannot be looked at, whoever asks.
        file.path = path.join("below a file");
        assert_eq!(look(&file), Ok(()));
        file.path = path.clone();
        fs::rename(&path, folder.path().join("old")).unwrap();
        assert_eq!(look(&file), Err(OutboxErrorKind::NoOutbox));
        fs::write(&path, "").unwrap();
        assert_eq!(look(&file), Err(OutboxErrorKind::NoOutbox));
        let relative = OpenFile::new(Path::new("Cargo.toml"));
        assert!(relative.path.is_absolute() && relative.id.is_some());
    }
}
