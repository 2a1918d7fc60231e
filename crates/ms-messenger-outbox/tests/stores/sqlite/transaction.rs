//! Messages in a transaction of the caller.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ms_messenger_outbox::{Inserted, Outbox, OutboxErrorKind, SqliteStore, Store as _};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};

use super::{envelope, is_send};

async fn shop(dir: &tempfile::TempDir) -> (SqlitePool, Outbox<SqliteStore>) {
    let options = SqliteConnectOptions::new().filename(dir.path().join("shop.db"));
    let pool = SqlitePool::connect_with(options.create_if_missing(true))
        .await
        .unwrap();
    let create = sqlx::query("CREATE TABLE orders (id TEXT PRIMARY KEY)");
    create.execute(&pool).await.unwrap();
    SqliteStore::create_tables(&pool).await.unwrap();
    let store = SqliteStore::with_pool(pool.clone()).await.unwrap();
    (pool, Outbox::new(store))
}

async fn orders(pool: &SqlitePool) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM orders");
    count.fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_exists_with_the_row_of_the_caller_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, outbox) = shop(&dir).await;
    for is_committed in [false, true] {
        let mut transaction = pool.begin().await.unwrap();
        let insert = sqlx::query("INSERT INTO orders VALUES ('4711')");
        insert.execute(&mut *transaction).await.unwrap();
        let ordered = ["a", "b"].map(|it| envelope(it).with_order_key("4711"));
        let inserted = is_send(outbox.enqueue_in(&mut transaction, ordered)).await;
        assert_eq!(inserted.unwrap(), [Inserted::New, Inserted::New]);
        assert!(
            outbox.get(&"a".into()).await.unwrap().is_none(),
            "not committed yet"
        );
        if is_committed {
            transaction.commit().await.unwrap();
        } else {
            drop(transaction);
        }
        let is_stored = outbox.get(&"a".into()).await.unwrap().is_some();
        assert_eq!(
            (orders(&pool).await == 1, is_stored),
            (is_committed, is_committed)
        );
    }
}

#[tokio::test]
async fn a_conflict_leaves_the_rest_of_the_transaction_usable() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, outbox) = shop(&dir).await;
    outbox.enqueue(envelope("a")).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let insert = sqlx::query("INSERT INTO orders VALUES ('4711')");
    insert.execute(&mut *transaction).await.unwrap();
    let other = [envelope("b"), envelope("a").with_order_key("other")];
    let error = outbox
        .enqueue_in(&mut transaction, other)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Conflict, "{error:?}");
    let same = outbox
        .enqueue_in(&mut transaction, [envelope("a")])
        .await
        .unwrap();
    assert!(matches!(same[0], Inserted::Same(_)), "{same:?}");
    transaction.commit().await.unwrap();
    assert_eq!(orders(&pool).await, 1);
    assert!(outbox.get(&"b".into()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_the_caller_wakes_who_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (pool, outbox) = shop(&dir).await;
    let store = Arc::clone(outbox.store());
    let started = Instant::now();
    let waiting = tokio::spawn(async move { store.changed(Duration::from_secs(60)).await });
    for i in 0.. {
        let mut transaction = pool.begin().await.unwrap();
        let message = [envelope(&i.to_string())];
        outbox.enqueue_in(&mut transaction, message).await.unwrap();
        transaction.commit().await.unwrap();
        if waiting.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}
