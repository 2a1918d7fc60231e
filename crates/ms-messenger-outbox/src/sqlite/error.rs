//! Errors of SQLite.

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
    let sqlx::Error::Database(database) = error else {
        return match error {
            sqlx::Error::Io(_) => (Unavailable, "the database file cannot be reached"),
            sqlx::Error::PoolTimedOut => (Unavailable, "all connections are in use"),
            _ => (Store, "the database reported an error"),
        };
    };
    let code = database.code();
    let code: u32 = code.and_then(|it| it.parse().ok()).unwrap_or_default();
    match code & 0xff {
        5 | 6 => (Unavailable, "the database is busy"),
        8 => (ReadOnly, "the database file cannot be written to"),
        11 => (Damaged, "the database file is damaged"),
        13 => (Full, "the disk of the database file is full"),
        14 => (Unavailable, "the database file cannot be opened"),
        26 => (Damaged, "the file is not a database"),
        _ => (Store, "the database reported an error"),
    }
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
