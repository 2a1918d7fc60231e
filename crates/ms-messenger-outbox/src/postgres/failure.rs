//! What goes wrong in the database, as errors of the outbox.

use std::{error::Error as StdError, fmt};

use sqlx::{Error as SqlError, postgres::PgDatabaseError};

use crate::error::{OutboxError, OutboxErrorKind};

/// The most bytes of the server's own words that are kept.
const LONGEST_MESSAGE: usize = 200;

/// What ends a transaction.
pub(super) enum Failure {
    Sql(SqlError),
    Outbox(OutboxError),
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

impl From<OutboxError> for Failure {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl Failure {
    /// Whether the server has rolled the transaction back because of another one. A response of the
    /// server proves it, also to COMMIT.
    pub(super) fn is_conflict(&self) -> bool {
        let Self::Sql(SqlError::Database(error)) = self else {
            return false;
        };
        matches!(error.code().as_deref(), Some("40001" | "40P01" | "55P03"))
    }

    pub(super) fn into_error(self) -> OutboxError {
        match self {
            Self::Sql(error) => to_error(error),
            Self::Outbox(error) => error,
        }
    }
}

/// Classifies an error. What the driver says of a connection may hold its password: dropped.
pub(super) fn to_error(error: SqlError) -> OutboxError {
    use OutboxErrorKind::{Damaged, Denied, Invalid, Store, Unavailable};
    match error {
        SqlError::Database(error) => match error.try_downcast::<PgDatabaseError>() {
            Ok(error) => reported(&error),
            Err(_) => OutboxError::new(Store, "the database reports an error"),
        },
        SqlError::Configuration(_) => {
            let message = "the address of the database is invalid: \
                           expected postgres://USER:PASSWORD@HOST/DATABASE";
            OutboxError::new(Invalid, message)
        }
        SqlError::Io(error) => {
            let message = "the database cannot be reached";
            OutboxError::new(Unavailable, message).with_source(error)
        }
        SqlError::Tls(error) => {
            let message = "no TLS connection to the database can be made";
            OutboxError::new(Denied, message).with_source(error)
        }
        SqlError::PoolTimedOut => {
            let message = "the database cannot be reached, or every connection is in use";
            OutboxError::new(Unavailable, message)
        }
        SqlError::PoolClosed => OutboxError::new(Unavailable, "the pool of connections is closed"),
        SqlError::Protocol(_) | SqlError::WorkerCrashed | SqlError::BeginFailed => {
            OutboxError::new(Unavailable, "the connection to the database broke")
        }
        SqlError::ColumnDecode { .. } | SqlError::Decode(_) => {
            OutboxError::new(Damaged, "a row of the database cannot be read")
        }
        _ => OutboxError::new(Store, "the database driver reports an error"),
    }
}

/// Classifies what the server reports, by its SQLSTATE.
fn reported(error: &PgDatabaseError) -> OutboxError {
    use OutboxErrorKind::{Denied, Full, Invalid, ReadOnly, Store, Unavailable};
    let code = error.code();
    let (kind, message) = match code {
        "53100" => (
            Full,
            "the disk of the database is full: make room; what is stored stays",
        ),
        "53400" => (
            Full,
            "a quota of the database is exhausted: raise it; what is stored stays",
        ),
        "25006" => (ReadOnly, "the database is read-only"),
        "28P01" | "28000" => (Denied, "the database rejects the user name or the password"),
        "3D000" => (Denied, "the database does not exist"),
        "42501" => (ReadOnly, "the database user lacks a privilege"),
        "42P01" | "3F000" => (Store, "a table of the outbox is missing"),
        "40001" | "40P01" | "55P03" => (Unavailable, "the database is busy with other changes"),
        "22021" => (Invalid, "a text has characters that the database rejects"),
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => {
                (Unavailable, "the database is not available at the moment")
            }
            _ => (Store, "the database reports an error"),
        },
    };
    let source = Reported::new(code, error.message());
    OutboxError::new(kind, message).with_source(source)
}

/// The code and the primary message of the server, without its details: they quote rows.
struct Reported {
    code: String,
    message: String,
}

impl Reported {
    fn new(code: &str, message: &str) -> Self {
        let mut end = message.len().min(LONGEST_MESSAGE);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let code = code.chars().take(5).collect();
        let message = message[..end].to_owned();
        Self { code, message }
    }
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLSTATE {}: {}", self.code, self.message)
    }
}

impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Reported {}
