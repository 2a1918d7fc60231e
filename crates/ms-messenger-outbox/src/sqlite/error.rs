//! Errors of SQLite.

use std::error::Error as _;

use crate::{
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
};

/// The error of the outbox for an error of SQLite.
pub(super) fn store_error(error: sqlx::Error) -> OutboxError {
    let (kind, text) = classify(&error);
    OutboxError::new(kind, text).with_source(error)
}

/// Primary result codes: <https://sqlite.org/rescode.html>.
fn classify(error: &sqlx::Error) -> (OutboxErrorKind, &'static str) {
    use OutboxErrorKind::{Damaged, Full, ReadOnly, Store, Unavailable};
    /// `SQLITE_IOERR_SHMSIZE`: there is no room for the index of the log.
    const SHMSIZE: u32 = 10 | 19 << 8;
    let sqlx::Error::Database(database) = error else {
        return match error {
            sqlx::Error::Io(_) => (Unavailable, "the database file cannot be reached"),
            sqlx::Error::PoolTimedOut => (Unavailable, "all connections are in use"),
            _ => (Store, "the database reported an error"),
        };
    };
    let code = code(database.as_ref());
    const NO_ROOM: &str = "the disk of the database file is full: make room; what is stored stays";
    match code & 0xff {
        _ if code == SHMSIZE => (Full, NO_ROOM),
        5 | 6 => (Unavailable, "the database is busy"),
        8 => (ReadOnly, "the database file cannot be written to"),
        10 => (
            Unavailable,
            "the database file cannot be read or written at the moment",
        ),
        11 => (Damaged, "the database file is damaged"),
        13 => (Full, NO_ROOM),
        14 => (Unavailable, "the database file cannot be opened"),
        26 => (Damaged, "the file is not a database"),
        _ => (Store, "the database reported an error"),
    }
}

fn code(error: &dyn sqlx::error::DatabaseError) -> u32 {
    let code = error.code();
    code.and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// Whether a file, or one that SQLite needs beside it, could not be opened.
pub(super) fn cannot_open(error: &OutboxError) -> bool {
    let source = error.source().and_then(|it| it.downcast_ref());
    matches!(source, Some(sqlx::Error::Database(error)) if code(error.as_ref()) & 0xff == 14)
}

pub(super) fn damaged(id: Option<&EnvelopeId>, what: &'static str) -> OutboxError {
    let error = OutboxError::new(OutboxErrorKind::Damaged, what);
    match id {
        Some(id) => error.with_id(id),
        None => error,
    }
}

pub(super) fn closed() -> OutboxError {
    OutboxError::new(OutboxErrorKind::Store, "the store is closed")
}

/// The result of a statement.
pub(super) trait OrStoreError<T> {
    fn or_store_error(self) -> Result<T>;
}

impl<T> OrStoreError<T> for std::result::Result<T, sqlx::Error> {
    fn or_store_error(self) -> Result<T> {
        self.map_err(store_error)
    }
}
