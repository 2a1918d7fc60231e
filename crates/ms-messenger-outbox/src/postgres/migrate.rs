//! Brings the schema to the version of this crate.

use std::pin::Pin;

use sqlx::{Executor as _, PgConnection, Row as _};

use super::{database::Database, failure::Failure, statements::for_schema};
use crate::error::{OutboxError, OutboxErrorKind};

/// What makes each version of the one before, from nothing on.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// Brings the schema to the version of this crate, in one transaction, while others wait. One that
/// has it is only read, so that its user need not be allowed to change it. Without `creates` it is there
/// already.
pub(super) async fn migrate(
    database: &Database,
    schema: &str,
    creates: bool,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let found = version(database, &mut transaction, schema).await?;
    if !needs_migration(found)? {
        return Ok(transaction.rollback().await?);
    }
    if found.is_none() && !creates {
        // In this order: another program may create the outbox meanwhile.
        let is_foreign = is_foreign(database, &mut transaction, schema).await?;
        let found = version(database, &mut transaction, schema).await?;
        if found.is_none() {
            return Err(no_outbox(schema, is_foreign).into());
        }
    }
    transaction.rollback().await?;
    let mut transaction = database.begin().await?;
    let lock = database.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))");
    let lock = lock.bind(format!("ms-messenger-outbox {schema}"));
    lock.execute(&mut *transaction).await?;
    let found = version(database, &mut transaction, schema).await?;
    if !needs_migration(found)? {
        return Ok(transaction.rollback().await?);
    }
    if found.is_none() {
        if is_foreign(database, &mut transaction, schema).await? {
            return Err(no_outbox(schema, true).into());
        }
        run(&mut transaction, &for_schema(PREPARE, schema)).await?;
    }
    let done = usize::try_from(found.unwrap_or_default()).unwrap_or_default();
    for migration in MIGRATIONS.iter().skip(done) {
        run(&mut transaction, &for_schema(migration, schema)).await?;
    }
    let set = for_schema("UPDATE {s}.version SET version = $1", schema);
    let newest = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    let set = database.query(&set).bind(newest);
    set.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

const PREPARE: &str = "\
CREATE SCHEMA IF NOT EXISTS {s};
CREATE TABLE {s}.version (is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only), version integer NOT NULL);
INSERT INTO {s}.version (version) VALUES (0)";

/// Runs statements that have no parameters. In a box: else the compiler does not see that it may move
/// to another thread.
fn run<'a>(
    connection: &'a mut PgConnection,
    sql: &'a str,
) -> Pin<Box<dyn Future<Output = sqlx::Result<()>> + Send + 'a>> {
    Box::pin(async move {
        connection.execute(sqlx::raw_sql(sql)).await?;
        Ok(())
    })
}

/// The version of the schema; `None` if there is none.
async fn version(
    database: &Database,
    connection: &mut PgConnection,
    schema: &str,
) -> Result<Option<i32>, Failure> {
    // Not by `to_regclass`: it remembers in this session what was missing before the lock. Another
    // program may have a table of the name `version`; the messages are ours.
    let exists = database.query(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = 'message' AND a.attname = 'wakes_at') AS found",
    );
    let row = exists.bind(schema).fetch_one(&mut *connection).await?;
    if !row.try_get::<bool, _>("found")? {
        return Ok(None);
    }
    let sql = for_schema("SELECT version FROM {s}.version", schema);
    let version = database.scalar(&sql).fetch_optional(connection).await?;
    let missing = || OutboxError::new(OutboxErrorKind::Damaged, "the schema has no version");
    Ok(Some(version.ok_or_else(missing)?))
}

/// Whether there is anything in the schema. It is asked only where there is no outbox.
async fn is_foreign(
    database: &Database,
    connection: &mut PgConnection,
    schema: &str,
) -> Result<bool, Failure> {
    let exists = database.query(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1) AS found",
    );
    let row = exists.bind(schema).fetch_one(connection).await?;
    Ok(row.try_get("found")?)
}

fn no_outbox(schema: &str, is_foreign: bool) -> OutboxError {
    let text = if is_foreign {
        format!("the schema {schema} has tables of another program, and holds no outbox")
    } else {
        format!("the database has no outbox: there is no schema {schema} with its tables")
    };
    OutboxError::new(OutboxErrorKind::NoOutbox, text)
}

/// Whether a schema of this version has to be changed.
fn needs_migration(version: Option<i32>) -> Result<bool, OutboxError> {
    let known = MIGRATIONS.len();
    match version.map(|it| usize::try_from(it).unwrap_or_default()) {
        Some(version) if version > known => {
            let message = format!(
                "the schema has version {version}, and this program knows {known}: \
                 it was made by a newer one"
            );
            Err(OutboxError::new(OutboxErrorKind::NewerSchema, message))
        }
        version => Ok(version != Some(known)),
    }
}
