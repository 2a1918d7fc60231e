//! What goes wrong has a name, and what is stored stays.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::MemoryMessenger;
use ms_messenger_outbox::{
    Beat, Claim, EnvelopeId, Outbox, OutboxErrorKind, Purge, Query, Route, SqliteStore, State,
    Store as _, Worker, WorkerId,
};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};
use tokio::sync::Notify;

use super::envelope;

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
}

async fn with(options: SqliteConnectOptions) -> Outbox<SqliteStore> {
    let pool = SqlitePool::connect_lazy_with(options);
    Outbox::new(SqliteStore::with_pool(pool).await.unwrap())
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    let text = "not a database, but longer than the header of one would be\n".repeat(20);
    std::fs::write(&path, &text).unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Damaged, "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_path_that_can_be_no_file_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let missing = dir.path().join("missing/outbox.db");
    for path in [missing, file.join("outbox.db"), dir.path().to_owned()] {
        let error = SqliteStore::open(&path).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::NoOutbox, "{error:?}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    SqliteStore::open(&path).await.unwrap();
    let pool = SqlitePool::connect_with(options(&path)).await.unwrap();
    let update = sqlx::query("UPDATE ms_outbox_schema SET version = 999");
    update.execute(&pool).await.unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NewerSchema, "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_file_that_cannot_be_written_to_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let writable = with(options(&path)).await;
    writable.enqueue(envelope("a")).await.unwrap();
    let read_only = with(options(&path).read_only(true)).await;
    let error = read_only.enqueue(envelope("b")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::ReadOnly, "{error:?}");
    assert!(read_only.get(&"a".into()).await.unwrap().is_some());
    assert!(read_only.get(&"b".into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_full_disk_keeps_what_is_stored_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    // SQLite reports the same for a database that may not grow.
    let outbox = with(options(&path).pragma("max_page_count", "100")).await;
    let mut stored = Vec::new();
    let error = loop {
        let id = format!("{}", stored.len());
        match outbox.enqueue(envelope(&id)).await {
            Ok(_) => stored.push(EnvelopeId::from(id)),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), OutboxErrorKind::Full, "{error:?}");
    assert!(error.is_transient());
    assert!(stored.len() > 50, "{}", stored.len());
    for id in &stored {
        let message = outbox.get(id).await.unwrap().unwrap();
        assert!(outbox.request(&message).unwrap().is_some());
    }
    // There is room again.
    let other = with(options(&path)).await;
    for id in &stored[..40] {
        other.cancel(id).await.unwrap();
    }
    let later = SystemTime::now() + Duration::from_secs(60);
    assert_eq!(other.purge(&Purge::new(later)).await.unwrap(), 40);
    outbox.enqueue(envelope("more")).await.unwrap();
}

#[tokio::test]
async fn a_busy_database_is_unavailable_for_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = with(options(&path).busy_timeout(Duration::from_millis(50))).await;
    let pool = SqlitePool::connect_with(options(&path)).await.unwrap();
    let mut other = pool.acquire().await.unwrap();
    let begin = sqlx::query("BEGIN IMMEDIATE");
    begin.execute(&mut *other).await.unwrap();
    let error = outbox.enqueue(envelope("a")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
    assert!(outbox.get(&"a".into()).await.unwrap().is_none());
    sqlx::query("COMMIT").execute(&mut *other).await.unwrap();
    outbox.enqueue(envelope("a")).await.unwrap();
}

#[tokio::test]
async fn a_damaged_row_is_reported_for_itself() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = with(options(&path)).await;
    let ids = ["json", "hash", "kind", "whole"];
    outbox.enqueue_all(ids.map(envelope)).await.unwrap();
    let pool = SqlitePool::connect_with(options(&path)).await.unwrap();
    for (damage, id) in [
        ("rest = '{\"attempts\":'", "json"),
        ("hash = x'00'", "hash"),
        ("fence = 'x'", "kind"),
    ] {
        let update = format!("UPDATE ms_outbox_messages SET {damage} WHERE id = '{id}'");
        sqlx::query(&update).execute(&pool).await.unwrap();
        let error = outbox.get(&id.into()).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Damaged, "{error:?}");
        assert_eq!(error.id(), Some(&id.into()));
        let error = outbox.cancel(&id.into()).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Damaged, "{error:?}");
    }
    let worker = WorkerId::random();
    let store = outbox.store();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    store.beat(&beat).await.unwrap();
    let claim = Claim::new(worker, "teams", 1, SystemTime::now());
    let claimed = store.claim(&claim).await.unwrap();
    let claimed: Vec<_> = claimed
        .messages
        .iter()
        .map(|it| it.head.id.as_str())
        .collect();
    assert_eq!(claimed, ["whole"]);
    let listed = outbox
        .list(&Query::new().with_state(State::Queued))
        .await
        .unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|it| (it.id.as_str(), it.error.is_some()))
        .collect();
    assert_eq!(
        listed,
        [
            ("json", true),
            ("hash", true),
            ("kind", true),
            ("whole", false)
        ]
    );
    assert_eq!(outbox.counts().await.unwrap()[0].messages, 4);
    // The same message handed over again is not lost in silence either.
    let error = outbox.enqueue(envelope("hash")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Damaged, "{error:?}");
    let neighbours = tokio::join!(
        outbox.enqueue(envelope("hash")),
        outbox.enqueue(envelope("new"))
    );
    assert!(
        neighbours.0.is_err() && neighbours.1.is_ok(),
        "{neighbours:?}"
    );
}

/// The errors of the store that a worker reports.
type Heard = Arc<Mutex<Vec<(OutboxErrorKind, Option<EnvelopeId>)>>>;

fn worker(outbox: Outbox<SqliteStore>, heard: &Heard, told: Arc<Notify>) -> Worker {
    let heard = Arc::clone(heard);
    Worker::builder(outbox.into_dyn())
        .with_route("teams", Route::new(MemoryMessenger::new()))
        .with_poll_interval(Duration::from_millis(1))
        .with_store_observer(move |error| {
            heard
                .lock()
                .unwrap()
                .push((error.kind(), error.id().cloned()));
            told.notify_one();
        })
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_when_nothing_waits_reports_what_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = with(options(&path)).await;
    let ids = ["damaged", "whole"];
    outbox.enqueue_all(ids.map(envelope)).await.unwrap();
    let pool = SqlitePool::connect_with(options(&path)).await.unwrap();
    let damage = "UPDATE ms_outbox_messages SET rest = '{' WHERE id = 'damaged'";
    sqlx::query(damage).execute(&pool).await.unwrap();
    let heard = Heard::default();
    let worker = worker(outbox.clone(), &heard, Arc::default());
    let left = worker.run_until_empty().await.unwrap_err();
    assert_eq!(left.kind(), OutboxErrorKind::Damaged);
    let whole = outbox.get(&"whole".into()).await.unwrap().unwrap();
    assert_eq!(whole.head.state, State::Sent);
    let damaged = (OutboxErrorKind::Damaged, Some("damaged".into()));
    assert_eq!(*heard.lock().unwrap(), [damaged]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reports_why_nothing_is_sent_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = with(options(&path).busy_timeout(Duration::from_millis(50))).await;
    outbox.enqueue(envelope("a")).await.unwrap();
    let pool = SqlitePool::connect_with(options(&path)).await.unwrap();
    let mut other = pool.acquire().await.unwrap();
    let begin = sqlx::query("BEGIN IMMEDIATE");
    begin.execute(&mut *other).await.unwrap();
    let (heard, told) = (Heard::default(), Arc::new(Notify::new()));
    let worker = worker(outbox.clone(), &heard, Arc::clone(&told));
    let (ended, ()) = tokio::join!(worker.run_until_empty(), async {
        told.notified().await;
        sqlx::query("COMMIT").execute(&mut *other).await.unwrap();
    });
    ended.unwrap();
    assert_eq!(
        heard.lock().unwrap()[0],
        (OutboxErrorKind::Unavailable, None)
    );
    let sent = outbox.get(&"a".into()).await.unwrap().unwrap();
    assert_eq!(sent.head.state, State::Sent);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(
        SqliteStore::open(dir.path().join("outbox.db"))
            .await
            .unwrap(),
    );
    outbox.enqueue(envelope("a")).await.unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log and its shared memory");
}

#[tokio::test]
async fn another_program_can_read_the_view() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = with(options(&path)).await;
    outbox.enqueue(envelope("a")).await.unwrap();
    let pool = SqlitePool::connect_with(options(&path).read_only(true))
        .await
        .unwrap();
    let select = sqlx::query_as("SELECT id, route, state, owner FROM ms_outbox");
    let rows: Vec<(String, String, String, Option<String>)> =
        select.fetch_all(&pool).await.unwrap();
    let expected = ("a".into(), "teams".into(), "queued".into(), None);
    assert_eq!(rows, [expected]);
}
