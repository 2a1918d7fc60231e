//! What is claimed comes as it was stored, whatever it is.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::{
    Beat, Change, Claim, Claimed, Envelope, Outbox, SqliteStore, Step, Store as _, WorkerId,
};
use sqlx::{Connection as _, SqliteConnection};

async fn worker(outbox: &Outbox<SqliteStore>) -> WorkerId {
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(60), true);
    assert!(outbox.store().beat(&beat).await.unwrap());
    worker
}

async fn claim(outbox: &Outbox<SqliteStore>, worker: &WorkerId, limit: u32) -> Claimed {
    let now = SystemTime::now() + Duration::from_secs(2);
    let claim = Claim::new(worker.clone(), "a \"route\"", limit, now);
    outbox.store().claim(&claim).await.unwrap()
}

fn envelope(id: &str, text: &str) -> Envelope {
    let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), text);
    Envelope::new(id, "a \"route\"", request)
}

/// Claims everything, `limit` at a time, and finds it as it is stored.
async fn all_come_as_stored(outbox: &Outbox<SqliteStore>, limit: u32) -> Vec<String> {
    let worker = worker(outbox).await;
    let mut ids = Vec::new();
    loop {
        let claimed = claim(outbox, &worker, limit).await;
        for message in &claimed.messages {
            let stored = outbox.get(&message.head.id).await.unwrap().unwrap();
            assert_eq!(message.head, stored.head);
            assert_eq!(message.content, stored.content);
            assert!(outbox.request(message).unwrap().is_some());
            ids.push(message.head.id.to_string());
        }
        if claimed.messages.len() < limit as usize {
            assert_eq!(claimed.next_at, None);
            return ids;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_kind_are_claimed_as_they_are_stored() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let (long, odd) = ("ä\u{1F600}\"\\\n".repeat(2000), "\"\\ä\u{1F600}',[]\u{a0}x");
    outbox.enqueue(envelope("plain", "hi")).await.unwrap();
    outbox
        .enqueue(envelope(odd, "hi").with_order_key(odd))
        .await
        .unwrap();
    outbox.enqueue(envelope("retried", "hi")).await.unwrap();
    let first = worker(&outbox).await;
    for message in claim(&outbox, &first, 3).await.messages {
        let requeue = Step::Requeue {
            due_at: SystemTime::now(),
            error: Some(serde_json::json!({"message": odd})),
            attempts: 2,
            is_failure: true,
        };
        let change = Change::by_worker(&message.head, &first, requeue);
        outbox
            .store()
            .apply(vec![change])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
    }
    let small = all_come_as_stored(&outbox, 2).await;
    assert_eq!(small, ["plain", odd, "retried"]);

    // Large ones, and those beside them.
    let ids = ["before", "large", "after"];
    for (id, text) in ids.into_iter().zip(["hi", &long, "hi"]) {
        outbox.enqueue(envelope(id, text)).await.unwrap();
    }
    assert_eq!(all_come_as_stored(&outbox, 2).await, ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_message_does_not_keep_those_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outbox.db");
    let outbox = Outbox::new(SqliteStore::open(&path).await.unwrap());
    let url = format!("sqlite:{}", path.display());
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    let damages = [
        "rest = x'00'",
        "rest = '{'",
        "rest = '[1]'",
        "hash = x'00'",
        "twin = 'text'",
        "fence = 'text'",
        "fence = -1",
        "enqueued_at = x'ff'",
        "order_key = x'ff'",
        "has_slot = 'text'",
    ];
    for (i, damage) in damages.iter().enumerate() {
        let damaged = format!("damaged-{i}");
        let messages = [
            envelope(&damaged, "hi"),
            envelope(&format!("whole-{i}"), "hi"),
        ];
        outbox.enqueue_all(messages).await.unwrap();
        let update = format!("UPDATE ms_outbox_messages SET {damage} WHERE id = '{damaged}'");
        sqlx::query(&update).execute(&mut conn).await.unwrap();
    }
    let worker = worker(&outbox).await;
    let claimed = claim(&outbox, &worker, 100).await.messages;
    let claimed: Vec<String> = claimed.iter().map(|it| it.head.id.to_string()).collect();
    let whole: Vec<String> = (0..damages.len()).map(|i| format!("whole-{i}")).collect();
    assert_eq!(claimed, whole);
}
