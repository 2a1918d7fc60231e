//! Whether the path of a database still names the file that is open.

use std::{
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
            path: path.to_owned(),
            id: id(path),
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
        if self.id == id(&self.path) {
            self.checked_at.store(now, Ordering::Relaxed);
            return Ok(());
        }
        let text = "the database file was deleted or replaced while it was open: what was written \
                    to it since then is lost";
        Err(OutboxError::new(OutboxErrorKind::NoOutbox, text))
    }
}

#[cfg(unix)]
fn id(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = path.metadata().ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere, a file that is open can be neither deleted nor replaced.
#[cfg(not(unix))]
fn id(_: &Path) -> Option<(u64, u64)> {
    None
}
