//! The pool, and how transactions are run on it.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool, Postgres, Transaction,
    postgres::PgArguments,
    query::{Query, QueryScalar},
};
use tokio::time::sleep;

use super::{doubts::Doubts, failure::Failure, statements::Statements, waiting::Waiting};
use crate::error::Result;

/// How often a transaction is made again that the server rolled back because of another one.
const CONFLICTS: u32 = 8;

/// Plans are made while the table may be empty, and used when it is large: only the indexes that are
/// meant are good for both.
const WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
                     SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
                     SET LOCAL jit = off";
const WRITE_DURABLY: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
                             SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; \
                             SET LOCAL jit = off; SET LOCAL synchronous_commit = on";
const READ: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

pub(super) type Sql<'q> = Query<'q, Postgres, PgArguments>;
pub(super) type Scalar<'q, T> = QueryScalar<'q, Postgres, T, PgArguments>;

/// The pool, and how transactions are run on it.
pub(super) struct Database {
    pub(super) pool: PgPool,
    pub(super) statements: Statements,
    /// The channel of notifications: the name of the schema.
    pub(super) channel: String,
    /// Whether statements stay prepared on a connection. Behind a pooler the next transaction may
    /// have another one.
    pub(super) keeps_statements: bool,
    pub(super) doubts: Doubts,
    pub(super) waiting: Waiting,
    /// Whether the server would report a commit before it is on disk.
    pub(super) is_lazy: bool,
}

impl Database {
    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Failure> {
        let begin = if self.is_lazy { WRITE_DURABLY } else { WRITE };
        self.begin_with(begin).await
    }

    /// Begins a transaction that reads. It is one behind a pooler too, where a statement alone could
    /// be prepared on one connection and run on another.
    pub(super) async fn begin_read(&self) -> Result<Transaction<'static, Postgres>, Failure> {
        self.begin_with(READ).await
    }

    /// Begins in a task of its own: a connection whose caller goes away between `BEGIN` and its
    /// response would be used again within that transaction.
    async fn begin_with(
        &self,
        statement: &'static str,
    ) -> Result<Transaction<'static, Postgres>, Failure> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await });
        match begun.await {
            Ok(transaction) => Ok(transaction?),
            Err(_) => Err(sqlx::Error::WorkerCrashed.into()),
        }
    }

    pub(super) fn query<'q>(&self, sql: &'q str) -> Sql<'q> {
        sqlx::query(sql).persistent(self.keeps_statements)
    }

    pub(super) fn scalar<'q, T>(&self, sql: &'q str) -> Scalar<'q, T>
    where
        (T,): for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        sqlx::query_scalar(sql).persistent(self.keeps_statements)
    }

    /// Announces a change, once the transaction is committed.
    pub(super) async fn announce(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let query = self.query("SELECT pg_notify($1, '')").bind(&self.channel);
        query.execute(connection).await?;
        Ok(())
    }
}

/// Runs a transaction, and again after the server rolled it back because of another one. After a
/// lost connection it is unknown whether it was committed: that is for the caller to repeat.
pub(super) async fn run<T, F>(transaction: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut conflicts = 0;
    loop {
        match transaction().await {
            Ok(value) => return Ok(value),
            Err(failure) if failure.is_conflict() && conflicts < CONFLICTS => {
                conflicts += 1;
                let longest = Duration::from_millis(4 << conflicts);
                sleep(longest.mul_f64(fastrand::f64())).await;
            }
            Err(failure) => return Err(failure.into_error()),
        }
    }
}
