//! Files of other programs, and files that are not there.

use std::{fs, path::Path};

use ms_messenger_outbox::{Outbox, OutboxErrorKind, Query, SqliteStore};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::envelope;

/// A database of another program.
async fn made(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path);
    let options = options.create_if_missing(true);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_database_of_another_program_is_left_as_it_is() {
    for sql in [
        "CREATE TABLE orders (id TEXT); INSERT INTO orders VALUES ('4711')",
        "PRAGMA journal_mode = WAL; CREATE TABLE orders (id TEXT)",
        "PRAGMA application_id = 4711",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shop.db");
        made(&path, sql).await;
        let before = fs::read(&path).unwrap();
        for opened in [
            SqliteStore::open(&path).await,
            SqliteStore::open_existing(&path).await,
        ] {
            let error = opened.unwrap_err();
            assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{sql}: {error:?}");
            assert!(error.to_string().contains("another program"), "{error}");
            assert!(!error.is_transient());
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
        assert_eq!(names(dir.path()), ["shop.db"], "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_which_the_caller_wants_the_tables_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.db");
    made(
        &path,
        "PRAGMA application_id = 4711; CREATE TABLE orders (id TEXT)",
    )
    .await;
    let pool = sqlx::SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path));
    let pool = pool.await.unwrap();
    SqliteStore::create_tables(&pool).await.unwrap();
    for store in [
        SqliteStore::open(&path).await.unwrap(),
        SqliteStore::open_existing(&path).await.unwrap(),
        SqliteStore::with_pool(pool.clone()).await.unwrap(),
    ] {
        Outbox::new(store).enqueue(envelope("a")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_that_has_to_exist_is_not_created() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let error = SqliteStore::open_existing(&path).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
    assert!(names(dir.path()).is_empty());
    fs::write(&path, "").unwrap();
    let error = SqliteStore::open_existing(&path).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
    assert_eq!(names(dir.path()), ["outbox.db"]);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    // What is still in the log of a writer counts.
    let writer = Outbox::new(SqliteStore::open(&path).await.unwrap());
    writer.enqueue(envelope("a")).await.unwrap();
    let reader = Outbox::new(SqliteStore::open_existing(&path).await.unwrap());
    assert_eq!(reader.list(&Query::new()).await.unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_or_replaced_while_it_is_open_takes_no_more() {
    use std::{sync::Arc, time::Duration};

    use ms_messenger_core::{CancelHandle, MemoryMessenger};
    use ms_messenger_outbox::{Route, Worker};

    for is_replaced in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outbox.db");
        let outbox = Outbox::new(SqliteStore::open(&path).await.unwrap());
        outbox.enqueue(envelope("a")).await.unwrap();
        let messenger = Arc::new(MemoryMessenger::new());
        let worker = Worker::builder(outbox.clone().into_dyn())
            .with_route("teams", Route::new(Arc::clone(&messenger)))
            .build();
        let running = tokio::spawn(async move { worker.run(&CancelHandle::new()).await });
        let sent = outbox.wait(&"a".into(), Duration::from_secs(30)).await;
        assert!(!sent.unwrap().state.is_pending());
        for name in names(dir.path()) {
            fs::rename(
                dir.path().join(&name),
                dir.path().join(format!("{name}.old")),
            )
            .unwrap();
        }
        if is_replaced {
            let other = Outbox::new(SqliteStore::open(&path).await.unwrap());
            other.enqueue(envelope("b")).await.unwrap();
        }
        // The worker, which polls, notices it.
        let ended = running.await.unwrap().unwrap_err();
        assert_eq!(ended.kind(), OutboxErrorKind::NoOutbox, "{ended:?}");
        for error in [
            outbox.enqueue(envelope("c")).await.unwrap_err(),
            outbox.get(&"a".into()).await.unwrap_err(),
            outbox.list(&Query::new()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
        }
        assert_eq!(messenger.sent().len(), 1);
        // It is back.
        if !is_replaced {
            for name in names(dir.path()) {
                let back = dir.path().join(name.trim_end_matches(".old"));
                fs::rename(dir.path().join(&name), back).unwrap();
            }
            outbox.enqueue(envelope("c")).await.unwrap();
        }
    }
}
