//! apalis.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use apalis::prelude::*;
use apalis_core::worker::context::WorkerContext;
use apalis_postgres::{PgPool, PostgresStorage};
use apalis_sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteStorage};
use serde::{Deserialize, Serialize};
use sqlx::Executor as _;

use crate::contender::{Contender, postgres, text};

const QUEUE: &str = "beside";
/// As many as the outbox sends at a time.
const BATCH: usize = 64;

/// The request of the outbox has the same members.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Job {
    to: String,
    text: String,
}

fn jobs(count: usize) -> Vec<Job> {
    let job = || Job {
        to: "conversation:19:abc@thread.v2".to_owned(),
        text: text(),
    };
    (0..count).map(|_| job()).collect()
}

/// Does nothing, and stops the worker after the last job.
async fn handle(_: Job, left: Data<Arc<AtomicUsize>>, worker: WorkerContext) {
    if left.fetch_sub(1, Ordering::Relaxed) == 1 {
        worker.stop().unwrap();
    }
}

#[derive(Clone)]
pub(crate) struct ApalisSqlite(SqlitePool);

impl ApalisSqlite {
    fn storage(&self) -> SqliteStorage<Job> {
        let config = apalis_sqlite::Config::default().queue(QUEUE);
        SqliteStorage::new(&self.0).with_config(config.batch_size(BATCH))
    }
}

impl Contender for ApalisSqlite {
    /// Its own `setup` switches the syncs of the first connection off.
    async fn open(folder: &Path) -> Self {
        let folder = tempfile::tempdir_in(folder).unwrap().keep();
        let options = SqliteConnectOptions::new()
            .filename(folder.join("apalis.db"))
            .create_if_missing(true)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL");
        let connections = std::env::var("BESIDE_CONNECTIONS").ok();
        let connections = connections.and_then(|it| it.parse().ok()).unwrap_or(1);
        let pool = SqlitePoolOptions::new().max_connections(connections);
        let pool = pool.connect_with(options).await.unwrap();
        SqliteStorage::migrations().run(&pool).await.unwrap();
        Self(pool)
    }

    async fn hand_over(&self, _: usize, count: usize) {
        self.storage().push_bulk(jobs(count)).await.unwrap();
    }

    async fn finish(&self, count: usize) {
        let worker = WorkerBuilder::new("beside")
            .backend(self.storage())
            .data(Arc::new(AtomicUsize::new(count)))
            .build(handle);
        worker.run().await.unwrap();
    }

    async fn next(&self) {
        let config = apalis_sqlite::Config::default().queue(QUEUE).batch_size(1);
        let mut transaction = self.0.begin().await.unwrap();
        let worker = WorkerContext::new("next");
        let next = apalis_sqlite::queries::fetch_next(&mut *transaction, &config, &worker);
        assert_eq!(next.await.unwrap().len(), 1);
        transaction.commit().await.unwrap();
    }

    async fn server(&self) -> Option<u32> {
        None
    }
}

#[derive(Clone)]
pub(crate) struct ApalisPostgres(PgPool);

impl ApalisPostgres {
    fn storage(&self) -> PostgresStorage<Job> {
        let config = apalis_postgres::Config::default().queue(QUEUE);
        PostgresStorage::new(&self.0).with_config(config.batch_size(BATCH))
    }
}

impl Contender for ApalisPostgres {
    async fn open(_: &Path) -> Self {
        drop_schema("apalis").await;
        let pool = PgPool::connect(&postgres()).await.unwrap();
        PostgresStorage::setup(&pool).await.unwrap();
        Self(pool)
    }

    async fn hand_over(&self, _: usize, count: usize) {
        self.storage().push_bulk(jobs(count)).await.unwrap();
    }

    async fn finish(&self, count: usize) {
        let worker = WorkerBuilder::new("beside")
            .backend(self.storage())
            .data(Arc::new(AtomicUsize::new(count)))
            .build(handle);
        worker.run().await.unwrap();
    }

    async fn next(&self) {
        let config = apalis_postgres::Config::default().queue(QUEUE);
        let config = config.batch_size(1);
        let mut transaction = self.0.begin().await.unwrap();
        let worker = WorkerContext::new("next");
        let next = apalis_postgres::queries::fetch_next(&mut *transaction, &config, &worker);
        assert_eq!(next.await.unwrap().len(), 1);
        transaction.commit().await.unwrap();
    }

    async fn server(&self) -> Option<u32> {
        server().await
    }
}

/// Removes what an earlier run left.
pub(crate) async fn drop_schema(schema: &str) {
    let pool = PgPool::connect(&postgres()).await.unwrap();
    let drop =
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE; DROP TABLE IF EXISTS _sqlx_migrations");
    pool.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(drop)))
        .await
        .unwrap();
    pool.close().await;
}

/// The process that started the connections of the server.
pub(crate) async fn server() -> Option<u32> {
    let pool = PgPool::connect(&postgres()).await.unwrap();
    let process: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&pool)
        .await
        .unwrap();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let parent = status.lines().find_map(|it| it.strip_prefix("PPid:"));
    parent?.trim().parse().ok()
}
