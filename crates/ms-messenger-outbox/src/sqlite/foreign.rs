//! Whose database a file is.

use std::{
    fs::{Metadata, OpenOptions},
    io,
    path::Path,
};

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    error::{OrStoreError as _, cannot_open},
    file,
};
use crate::error::{OutboxError, OutboxErrorKind, Result};

/// What a database file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The tables of an outbox, perhaps among others.
    Outbox,
    /// Nothing.
    Nothing,
    /// What another program made.
    Foreign,
}

/// Looks into a file, and changes nothing. Returns what it holds, and how to open it.
pub(super) async fn look(path: &Path) -> Result<(Content, SqliteConnectOptions)> {
    let mut options = file::plain(path);
    if is_unchanging(path) {
        options = options.read_only(true).immutable(true);
    }
    let content = content(&options).await;
    let content = content.map_err(|error| {
        if !cannot_open(&error) {
            return error;
        }
        // Waiting does not help.
        let (kind, text) = obstacle(path.metadata());
        OutboxError::new(kind, text).with_source(error)
    })?;
    Ok((content, options))
}

/// Returns what stands in the way of a file that cannot be opened.
fn obstacle(facts: io::Result<Metadata>) -> (OutboxErrorKind, &'static str) {
    match facts {
        Ok(facts) if facts.is_file() => {
            let text = "the database file cannot be opened: it and its folder must be writable";
            (OutboxErrorKind::ReadOnly, text)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let text = "the folder of the database file cannot be opened: permission denied";
            (OutboxErrorKind::ReadOnly, text)
        }
        _ => (OutboxErrorKind::NoOutbox, "it is not a file"),
    }
}

/// Whether a file is on a read-only file system, and no log is beside it: there SQLite could not create
/// the files that it needs to read in WAL mode, and no process changes it.
fn is_unchanging(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let opened = OpenOptions::new().append(true).open(path);
    opened.is_err_and(|it| it.kind() == io::ErrorKind::ReadOnlyFilesystem)
        && !Path::new(&log).exists()
}

async fn content(options: &SqliteConnectOptions) -> Result<Content> {
    let mut conn = options.connect().await.or_store_error()?;
    let content = read(&mut conn).await;
    let _ = conn.close().await;
    content
}

async fn read(conn: &mut SqliteConnection) -> Result<Content> {
    let sql = "SELECT count(*), coalesce(sum(name = 'ms_outbox_schema'), 0) FROM sqlite_schema";
    let query = sqlx::query_as(sql).persistent(false);
    let (all, own): (i64, i64) = query.fetch_one(&mut *conn).await.or_store_error()?;
    if own > 0 {
        return Ok(Content::Outbox);
    }
    // By it a program marks its files before it has any table.
    let query = sqlx::query_scalar("PRAGMA application_id").persistent(false);
    let application: i64 = query.fetch_one(conn).await.or_store_error()?;
    Ok(if all == 0 && application == 0 {
        Content::Nothing
    } else {
        Content::Foreign
    })
}

pub(super) fn missing() -> OutboxError {
    OutboxError::new(OutboxErrorKind::NoOutbox, "there is no such file")
}

pub(super) fn empty() -> OutboxError {
    let text = "the file is empty: nothing was enqueued into it yet";
    OutboxError::new(OutboxErrorKind::NoOutbox, text)
}

pub(super) fn refused() -> OutboxError {
    let text = "the file is the database of another program, and holds no outbox";
    OutboxError::new(OutboxErrorKind::NoOutbox, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_is_not_called_something_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outbox.db");
        std::fs::write(&file, "").unwrap();
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        for (facts, kind, text) in [
            (file.metadata(), OutboxErrorKind::ReadOnly, "writable"),
            (Err(denied), OutboxErrorKind::ReadOnly, "permission denied"),
            (
                folder.path().metadata(),
                OutboxErrorKind::NoOutbox,
                "not a file",
            ),
        ] {
            let (found, said) = obstacle(facts);
            assert_eq!(found, kind, "{said}");
            assert!(said.contains(text), "{said}");
        }
    }
}
