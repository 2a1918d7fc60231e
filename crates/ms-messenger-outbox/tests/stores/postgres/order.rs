//! Order keys, from transactions that overlap.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::MemoryMessenger;
use ms_messenger_outbox::{
    Beat, Change, Claim, Outbox, OutboxErrorKind, PostgresStore, Route, Step, Store as _, Worker,
    WorkerId,
};

use super::{
    envelope,
    server::{open, schema, shared},
    texts,
};

async fn claim(store: &PostgresStore, worker: &WorkerId) -> Vec<ms_messenger_outbox::Head> {
    let now = SystemTime::now() + Duration::from_secs(1);
    let claim = Claim::new(worker.clone(), "memory", 10, now);
    let claimed = store.claim(&claim).await.unwrap();
    claimed.messages.into_iter().map(|it| it.head).collect()
}

async fn worker(store: &PostgresStore) -> WorkerId {
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(store.beat(&beat).await.unwrap());
    worker
}

/// A transaction with an old snapshot would see the first message as it was, and let the next one
/// wait for ever.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn an_old_snapshot_cannot_hand_over_a_message_that_waits_for_an_ended_one() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    let store = outbox.store();
    let first = envelope("first").with_order_key("key");
    outbox.enqueue(first).await.unwrap();
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        let begin = format!("BEGIN ISOLATION LEVEL {level}");
        let mut transaction = store.pool().begin_with(begin).await.unwrap();
        let snapshot = sqlx::query("SELECT 1").execute(&mut *transaction).await;
        snapshot.unwrap();
        let _ = outbox.cancel(&"first".into()).await;
        let other = envelope(format!("other {level}")).with_order_key("key");
        outbox.enqueue(other).await.unwrap();
        let next = || envelope(format!("next {level}")).with_order_key("key");
        let failed = outbox.enqueue_in(&mut transaction, [next()]).await;
        assert_eq!(failed.unwrap_err().kind(), OutboxErrorKind::Unavailable);
        transaction.rollback().await.unwrap();
        outbox.enqueue(next()).await.unwrap();
    }
    let messenger = Arc::new(MemoryMessenger::new());
    let route = Route::shared(Arc::<MemoryMessenger>::clone(&messenger));
    let worker = Worker::builder(outbox.into_dyn()).with_route("memory", route);
    worker.build().run_until_empty().await.unwrap();
    let expected = [
        "other REPEATABLE READ",
        "next REPEATABLE READ",
        "other SERIALIZABLE",
        "next SERIALIZABLE",
    ];
    assert_eq!(texts(&messenger), expected);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_message_that_comes_back_holds_up_later_ones_again() {
    let (url, schema) = (shared().await, schema());
    let outbox = Outbox::new(open(&url, &schema).await);
    let store = outbox.store();
    let worker = worker(store).await;
    let keyed = |id: &str| envelope(id).with_order_key("key");
    let group = ["a", "b", "c"].map(keyed);
    outbox.enqueue_all(group).await.unwrap();
    let claimed = claim(store, &worker).await;
    assert_eq!(claimed.len(), 1);
    let error = serde_json::json!({"kind": "invalid_request"});
    let refuse = Step::Refuse { error, attempts: 1 };
    let refuse = Change::by_worker(&claimed[0], &worker, refuse);
    store.apply(vec![refuse]).await.unwrap()[0]
        .as_ref()
        .unwrap();
    outbox.retry(&"a".into()).await.unwrap();
    let claimed = claim(store, &worker).await;
    let ids: Vec<&str> = claimed.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["a"]);
    outbox.cancel(&"a".into()).await.unwrap();
    let claimed = claim(store, &worker).await;
    assert_eq!(claimed[0].id.as_str(), "b");
    assert_eq!(claimed.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL"]
async fn messages_of_many_hands_and_few_keys_are_sent_in_their_order() {
    let (url, schema) = (shared().await, schema());
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let outbox = Outbox::new(open(&url, &schema).await);
        tasks.spawn(async move {
            for i in 0..20 {
                let keyed = |key: usize| {
                    let id = format!("{key} {task} {i}");
                    envelope(id).with_order_key(format!("key {key}"))
                };
                // In another order each time, as programs do that know nothing of each other.
                let group = (0..4).map(|it| keyed((it + task + i) % 4));
                outbox.enqueue_all(group).await.unwrap();
            }
        });
    }
    let messenger = Arc::new(MemoryMessenger::new());
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let outbox = Outbox::new(open(&url, &schema).await).into_dyn();
        let route = Route::shared(Arc::<MemoryMessenger>::clone(&messenger));
        let worker = Worker::builder(outbox).with_route("memory", route).build();
        workers.spawn(async move { worker.run_until_empty().await });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let outbox = Outbox::new(open(&url, &schema).await);
    let route = Route::shared(Arc::<MemoryMessenger>::clone(&messenger));
    let last = Worker::builder(outbox.clone().into_dyn()).with_route("memory", route);
    last.build().run_until_empty().await.unwrap();
    while let Some(ended) = workers.join_next().await {
        ended.unwrap().unwrap();
    }
    let query = ms_messenger_outbox::Query::new().with_limit(1_000);
    let stored = outbox.list(&query).await.unwrap();
    let sent = texts(&messenger);
    assert_eq!((stored.len(), sent.len()), (640, 640));
    for key in 0..4 {
        let prefix = format!("{key} ");
        let stored = stored.iter().map(|it| it.id.as_str());
        let stored: Vec<&str> = stored.filter(|it| it.starts_with(&prefix)).collect();
        let sent = sent.iter().map(String::as_str);
        let sent: Vec<&str> = sent.filter(|it| it.starts_with(&prefix)).collect();
        assert_eq!(sent, stored, "key {key}");
    }
}
