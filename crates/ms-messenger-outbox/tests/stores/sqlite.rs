//! The store in a SQLite file.

mod claims;
mod failures;
mod foreign;
mod known;
mod processes;
mod tables;
mod transaction;

use std::{path::PathBuf, sync::Arc};

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::{Envelope, Result, SqliteStore, Store, conformance};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};

async fn open(path: PathBuf) -> Result<Arc<dyn Store>> {
    let store = SqliteStore::open(path).await?;
    Ok(Arc::new(store))
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_rule_with_two_handles_on_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    conformance::assert_conformance(move || open(path.clone())).await;
}

/// More of the last rule, with other seeds.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_does_what_the_store_in_memory_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let seed = fastrand::u64(..);
    let done = conformance::check_random(move || open(path.clone()), seed, 3000).await;
    done.unwrap();
}

/// In a database of the caller, whose encoding is not ours to choose: bytes that a statement returns as
/// text are others there.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_every_rule_in_a_database_of_another_encoding() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    conformance::assert_conformance(move || {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .pragma("encoding", "'UTF-16le'");
        async move {
            let pool = SqlitePool::connect_with(options).await.unwrap();
            let sql = "SELECT encoding FROM pragma_encoding";
            let encoding: String = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
            assert_eq!(encoding, "UTF-16le");
            let store: Arc<dyn Store> = Arc::new(SqliteStore::with_pool(pool).await?);
            Ok(store)
        }
    })
    .await;
}

fn is_send<T: Send>(it: T) -> T {
    it
}

#[test]
fn its_futures_can_be_sent_to_other_threads() {
    drop(is_send(SqliteStore::open("outbox.db")));
}

fn envelope(id: &str) -> Envelope {
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
    Envelope::new(id, "teams", request)
}

/// A purge deletes the slots of targets, by its own time: this seed found one that took that of the
/// machine.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_does_what_the_store_in_memory_does_with_a_seed_that_failed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let done = conformance::check_random(move || open(path.clone()), 2270, 400);
    done.await.unwrap();
}
