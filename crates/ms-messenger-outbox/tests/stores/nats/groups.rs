//! Groups of which a crash has left a part.

use std::time::{Duration, SystemTime};

use ms_messenger_outbox::{Inserted, Outbox, Purge, Query, State, Store as _};
use serde_json::json;

use super::{
    envelope,
    raw::Raw,
    server::{Server, bucket, open, shared},
};

/// Leaves the message `a` in a group that its process has not completed.
async fn leave(server: &Server, bucket: &str) -> Raw {
    let elsewhere = super::server::bucket();
    let other = Outbox::new(open(&server.url(), &elsewhere).await);
    other.enqueue(envelope("a")).await.unwrap();
    let other = Raw::open(server.client().await, &elsewhere).await;
    let key = other.keys("m").await.remove(0);
    let mut record = other.get(&key).await;
    record["group"] = json!("left");
    let raw = Raw::open(server.client().await, bucket).await;
    raw.put("g.left", r#"{"is_complete": false}"#).await;
    raw.put(&key, record.to_string()).await;
    raw
}

async fn ids(outbox: &Outbox<ms_messenger_outbox::NatsStore>) -> Vec<String> {
    let heads = outbox.list(&Query::new()).await.unwrap();
    heads.iter().map(|it| it.id.to_string()).collect()
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn the_messages_of_an_open_group_do_not_exist() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    let raw = leave(server, &bucket).await;
    outbox.enqueue(envelope("b")).await.unwrap();
    assert!(outbox.get(&"a".into()).await.unwrap().is_none());
    assert_eq!(ids(&outbox).await, ["b"]);
    // Its process goes on.
    raw.put("g.left", r#"{"is_complete": true}"#).await;
    assert!(
        outbox.get(&"a".into()).await.is_err(),
        "its content is elsewhere"
    );
    assert_eq!(ids(&outbox).await, ["b", "a"], "numbered as completed");
    let later = Outbox::new(open(&server.url(), &bucket).await);
    assert_eq!(ids(&later).await, ["b", "a"]);
    let head = later.cancel(&"a".into()).await.unwrap();
    assert_eq!(head.state, State::Cancelled);
    assert_eq!(ids(&outbox).await, ["b", "a"]);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn the_id_of_a_message_in_a_dead_group_is_free() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    let raw = leave(server, &bucket).await;
    let inserted = outbox.enqueue_all(["c", "a"].map(envelope)).await.unwrap();
    assert_eq!(inserted, [Inserted::New, Inserted::New]);
    assert_eq!(ids(&outbox).await, ["c", "a"]);
    let stored = outbox.get(&"a".into()).await.unwrap().unwrap();
    assert!(stored.content.is_some());
    // The process of the dead group cannot complete it any more.
    let entry = raw.stream();
    let subject = format!("$KV.{bucket}.g.left");
    let left = entry
        .get_last_raw_message_by_subject(&subject)
        .await
        .unwrap();
    assert!(left.payload.is_empty(), "it was given up");
    let purge = Purge::new(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(outbox.store().purge(&purge).await.unwrap(), 0);
    let later = Outbox::new(open(&server.url(), &bucket).await);
    assert_eq!(
        ids(&later).await,
        ["c", "a"],
        "what is in use is not cleared up"
    );
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_content_whose_message_was_never_written_is_removed_after_a_day() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    outbox.enqueue_all(["a", "b"].map(envelope)).await.unwrap();
    let contents = Raw::open(server.client().await, &format!("{bucket}_contents")).await;
    let used = contents.all_keys().await;
    assert_eq!(used.len(), 2);
    // One of a first call for the message `a`, and one of a message that does not exist.
    let (message, _) = used[0].split_once('.').unwrap();
    let nothing = "0".repeat(64);
    for message in [message, &nothing] {
        let key = format!("{message}.{}", "7".repeat(32));
        contents.put(&key, "left").await;
    }
    let mut purge = Purge::new(SystemTime::UNIX_EPOCH);
    let day = Duration::from_secs(24 * 60 * 60);
    for (hours, left) in [(0, 4), (23, 4), (25, 2)] {
        purge.now = SystemTime::now() + day * hours / 24;
        assert_eq!(outbox.store().purge(&purge).await.unwrap(), 0);
        assert_eq!(contents.all_keys().await.len(), left, "after {hours} hours");
    }
    assert_eq!(contents.all_keys().await, used);
    for id in ["a", "b"] {
        let stored = outbox.get(&id.into()).await.unwrap().unwrap();
        assert!(stored.content.is_some(), "{id}");
    }
}
