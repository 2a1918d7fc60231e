//! What goes wrong on the server, or in a bucket.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{SendRequest, Target};
use ms_messenger_outbox::{
    Beat, Claim, Envelope, Inserted, Outbox, OutboxErrorKind, Purge, Query, Store as _, WorkerId,
};

use super::{
    envelope,
    raw::Raw,
    server::{bucket, builder, open, shared},
};

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_full_bucket_takes_no_more_until_there_is_room() {
    let (server, bucket) = (shared().await, bucket());
    let builder = builder(&bucket).with_max_bytes(20_000);
    let outbox = Outbox::new(builder.connect(&server.url()).await.unwrap());
    let mut taken = 0;
    let error = loop {
        let group = [taken, taken + 1].map(|it| envelope(format!("message-{it}")));
        match outbox.enqueue_all(group).await {
            Ok(_) => taken += 2,
            Err(error) => break error,
        }
        assert!(taken < 1000);
    };
    assert_eq!(error.kind(), OutboxErrorKind::Full, "{error:?}");
    assert!(error.is_transient());
    let counts = outbox.counts().await.unwrap();
    assert_eq!(counts[0].messages, taken, "nothing of the last group");
    for i in 0..4 {
        outbox.cancel(&format!("message-{i}").into()).await.unwrap();
    }
    let purge = Purge::new(SystemTime::now() + Duration::from_secs(60));
    assert_eq!(outbox.store().purge(&purge).await.unwrap(), 4);
    let inserted = outbox.enqueue(envelope("later")).await.unwrap();
    assert_eq!(inserted, Inserted::New);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_message_larger_than_the_server_takes_is_refused() {
    let outbox = Outbox::new(open(&shared().await.url(), &bucket()).await);
    let request = SendRequest::new(
        Target::conversation("19:abc@thread.v2"),
        "x".repeat(1 << 20),
    );
    let large = Envelope::new("large", "memory", request);
    let group = [envelope("small"), large];
    let error = outbox.enqueue_all(group).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Invalid, "{error:?}");
    assert_eq!(error.id().unwrap().as_str(), "large");
    assert!(outbox.get(&"small".into()).await.unwrap().is_none());
    outbox.enqueue(envelope("small")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_damaged_entry_stops_no_other() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    let raw = Raw::open(server.client().await, &bucket).await;
    outbox.enqueue(envelope("damaged")).await.unwrap();
    let damaged = raw.keys("m").await.remove(0);
    outbox.enqueue(envelope("foreign")).await.unwrap();
    let keys = raw.keys("m").await;
    let foreign = keys.into_iter().find(|it| *it != damaged).unwrap();
    outbox.enqueue(envelope("whole")).await.unwrap();
    let whole = raw.get(&foreign).await;
    raw.put(&damaged, whole.to_string()).await;
    raw.put(&foreign, "{").await;
    for id in ["damaged", "foreign"] {
        for error in [
            outbox.get(&id.into()).await.unwrap_err(),
            outbox.cancel(&id.into()).await.unwrap_err(),
            outbox.enqueue(envelope(id)).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), OutboxErrorKind::Damaged);
            assert_eq!(error.id().unwrap().as_str(), id);
        }
    }
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(outbox.store().beat(&beat).await.unwrap());
    let now = SystemTime::now() + Duration::from_secs(1);
    let claim = Claim::new(worker, "memory", 9, now);
    let claimed = outbox.store().claim(&claim).await.unwrap().messages;
    let ids: Vec<&str> = claimed.iter().map(|it| it.head.id.as_str()).collect();
    assert_eq!(ids, ["whole"]);
    assert_eq!(outbox.list(&Query::new()).await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs the package nats-server"]
async fn a_missing_content_is_reported_and_never_sent() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    outbox.enqueue(envelope("a")).await.unwrap();
    let contents = Raw::open(server.client().await, &format!("{bucket}_contents")).await;
    contents.stream().purge().await.unwrap();
    let error = outbox.get(&"a".into()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Damaged);
}
