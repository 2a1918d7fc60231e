//! What the server did: its log, its syncs, the pages it touched, the processor time of a connection.

use ms_messenger_outbox::{Outbox, PostgresStore};
use sqlx::PgPool;

/// An outbox in a schema that is empty.
pub(crate) async fn fresh(url: &str, schema: &str, connections: u32) -> Outbox<PostgresStore> {
    let outbox = open(url, schema, connections).await;
    drop_schema(outbox.store().pool(), schema).await;
    open(url, schema, connections).await
}

/// An outbox in a schema as it is.
pub(crate) async fn open(url: &str, schema: &str, connections: u32) -> Outbox<PostgresStore> {
    let builder = PostgresStore::builder().with_schema(schema);
    let store = builder.with_max_connections(connections).connect(url);
    Outbox::new(store.await.unwrap())
}

pub(crate) async fn drop_schema(pool: &PgPool, schema: &str) {
    let drop = format!("DROP SCHEMA {schema} CASCADE");
    sqlx::query(&drop).execute(pool).await.unwrap();
}

/// The server behind a pool. With one connection in the pool, its numbers are those of the caller.
pub(crate) struct Server {
    pool: PgPool,
    schema: String,
    process: i32,
}

/// What was done so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// The bytes of the write-ahead log.
    pub(crate) log: f64,
    /// How often it was synced to the disk.
    pub(crate) syncs: f64,
    /// The pages of the schema that were looked at, in memory or on the disk.
    pub(crate) pages: f64,
}

impl Server {
    pub(crate) async fn of(pool: &PgPool, schema: &str) -> Self {
        let process = sqlx::query_scalar("SELECT pg_backend_pid()");
        Self {
            process: process.fetch_one(pool).await.unwrap(),
            schema: schema.to_owned(),
            pool: pool.clone(),
        }
    }

    pub(crate) async fn state(&self) -> State {
        // Else the numbers of a connection are up to a second old.
        let flush = sqlx::query("SELECT pg_stat_force_next_flush()");
        flush.execute(&self.pool).await.unwrap();
        let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8, \
            (SELECT wal_sync::float8 FROM pg_stat_wal), \
            (SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read, 0) \
                + coalesce(idx_blks_hit, 0))::float8 FROM pg_statio_user_tables \
                WHERE schemaname = $1)";
        let query = sqlx::query_as(sql).bind(&self.schema);
        let (log, syncs, pages) = query.fetch_one(&self.pool).await.unwrap();
        State { log, syncs, pages }
    }

    /// The processor time of the connection so far in microseconds; not a number if the server is on
    /// another machine.
    pub(crate) fn cpu(&self) -> f64 {
        let path = format!("/proc/{}/schedstat", self.process);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let nanos = text.split(' ').next().and_then(|it| it.parse().ok());
        nanos.map_or(f64::NAN, |it: f64| it / 1e3)
    }
}
