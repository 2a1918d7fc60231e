//! The tables, and how older ones are brought up to date.

use sqlx::SqliteConnection;

use super::error::OrStoreError as _;
use crate::error::{OutboxError, OutboxErrorKind, Result};

/// The steps from an empty database to the present tables. Steps are added, and never changed.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// Brings the tables up to date, in one transaction: all steps or none.
///
/// # Errors
///
/// `NewerSchema` if they are of a newer version; those of the store.
pub(super) async fn migrate(
    conn: &mut SqliteConnection,
    steps: &'static [&'static str],
) -> Result<()> {
    if version(conn).await? == Some(steps.len()) {
        return Ok(());
    }
    run(conn, "BEGIN IMMEDIATE").await?;
    let mut done = advance(conn, steps).await;
    if done.is_ok() {
        done = run(conn, "COMMIT").await;
    }
    if done.is_err() {
        // It fails if SQLite has rolled back already.
        let _ = run(conn, "ROLLBACK").await;
    }
    done
}

/// Makes the steps that are missing. Another process may have made some in the meantime.
async fn advance(conn: &mut SqliteConnection, steps: &'static [&'static str]) -> Result<()> {
    let present = version(conn).await?;
    let done = present.unwrap_or(0);
    if done > steps.len() {
        let text = "the tables of the outbox were made by a newer version";
        return Err(OutboxError::new(OutboxErrorKind::NewerSchema, text));
    }
    if present.is_none() {
        let sql = "CREATE TABLE ms_outbox_schema (version INTEGER NOT NULL);
            INSERT INTO ms_outbox_schema VALUES (0)";
        run(conn, sql).await?;
    }
    for step in steps.iter().skip(done).copied() {
        run(conn, step).await?;
    }
    let version = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let update = sqlx::query("UPDATE ms_outbox_schema SET version = ?").bind(version);
    update.execute(conn).await.map(drop).or_store_error()
}

/// The version of the tables; `None` if there are none.
async fn version(conn: &mut SqliteConnection) -> Result<Option<usize>> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'ms_outbox_schema'";
    let query = sqlx::query_scalar(sql).persistent(false);
    let tables: i64 = query.fetch_one(&mut *conn).await.or_store_error()?;
    if tables == 0 {
        return Ok(None);
    }
    let query = sqlx::query_scalar("SELECT version FROM ms_outbox_schema").persistent(false);
    let version: i64 = query.fetch_one(conn).await.or_store_error()?;
    Ok(Some(usize::try_from(version).unwrap_or(usize::MAX)))
}

/// Runs statements without arguments.
async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<()> {
    let query = sqlx::query(sql).persistent(false);
    query.execute(conn).await.map(drop).or_store_error()
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    async fn names(conn: &mut SqliteConnection) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        sqlx::query_scalar(sql).fetch_all(conn).await.unwrap()
    }

    #[tokio::test]
    async fn older_tables_are_brought_up_to_date_and_newer_ones_left_alone() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate(&mut conn, &["CREATE TABLE a (x)"]).await.unwrap();
        let two = &[
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x); CREATE TABLE c (x)",
        ];
        for _ in 0..2 {
            migrate(&mut conn, two).await.unwrap();
            assert_eq!(names(&mut conn).await, ["a", "b", "c", "ms_outbox_schema"]);
        }
        let newer = migrate(&mut conn, &["CREATE TABLE a (x)"])
            .await
            .unwrap_err();
        assert_eq!(newer.kind(), OutboxErrorKind::NewerSchema);
        assert_eq!(version(&mut conn).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn a_step_that_fails_undoes_those_before_it() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let broken = &[
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x)",
            "CREATE TABLE a (x)",
        ];
        let failed = migrate(&mut conn, broken).await.unwrap_err();
        assert_eq!(failed.kind(), OutboxErrorKind::Store, "{failed:?}");
        assert!(names(&mut conn).await.is_empty());
        migrate(&mut conn, &["CREATE TABLE a (x)"]).await.unwrap();
        assert_eq!(names(&mut conn).await, ["a", "ms_outbox_schema"]);
    }
}
