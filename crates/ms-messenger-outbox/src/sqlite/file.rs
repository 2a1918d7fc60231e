//! How the file is opened.

use std::{fs::OpenOptions, io::ErrorKind, path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::error::{OutboxError, OutboxErrorKind, Result};

/// How long a transaction waits for those of other processes.
const BUSY: Duration = Duration::from_secs(10);

/// Connections that read at the same time.
const READERS: u32 = 4;

/// The options of a file that may be another program's: none of them changes it.
pub(super) fn plain(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path);
    options.busy_timeout(BUSY)
}

/// Every commit is on disk when it returns.
pub(super) fn durable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // What is erased is overwritten where that costs no further page.
        .pragma("secure_delete", "FAST")
        // What a statement could have to undo is kept in memory, not in a file of its own.
        .pragma("temp_store", "MEMORY")
        // The same pages change again and again: fewer checkpoints write them less often. The log
        // grows to 16 MB.
        .pragma("wal_autocheckpoint", "4000")
}

/// A pool of connections that read, each opened when it is needed.
pub(super) fn pool(options: &SqliteConnectOptions) -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(READERS);
    pool.idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(options.clone())
}

/// Creates the file, if there is none, for its owner only. SQLite gives its other files the same mode.
pub(super) fn create(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            let kind = match error.kind() {
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    OutboxErrorKind::ReadOnly
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OutboxErrorKind::Full,
                ErrorKind::NotFound | ErrorKind::NotADirectory => OutboxErrorKind::NoOutbox,
                _ => OutboxErrorKind::Unavailable,
            };
            let text = match kind {
                OutboxErrorKind::Full => {
                    "the database file cannot be created: the disk is full, make room"
                }
                OutboxErrorKind::NoOutbox => "the folder of the database file does not exist",
                OutboxErrorKind::ReadOnly => {
                    "the database file cannot be created: its folder must be writable"
                }
                _ => "the database file cannot be created",
            };
            Err(OutboxError::new(kind, text).with_source(error))
        }
    }
}
