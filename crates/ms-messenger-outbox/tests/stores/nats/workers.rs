//! Workers on several machines, and a server that is killed.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use ms_messenger_core::{Body, CancelHandle, MemoryMessenger};
use ms_messenger_outbox::{
    Head, NatsStore, Outbox, OutboxErrorKind, Query, Route, State, Store as _, Worker,
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    envelope,
    server::{JETSTREAM, Server, bucket, open},
};

const MESSAGES: usize = 1_000;

/// Longer than everything takes; shorter than the lease, after which another worker would help.
const PATIENCE: Duration = Duration::from_secs(120);

/// The messages that are not sent.
async fn left(outbox: &Outbox<NatsStore>) -> Vec<Head> {
    let all = Query::new().with_limit(5_000);
    let all = outbox.list(&all).await.unwrap().into_iter();
    all.filter(|it| it.state != State::Sent).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs the package nats-server"]
async fn workers_send_each_message_once_and_go_on_after_the_server_was_killed() {
    let (server, bucket) = (Server::start(JETSTREAM).await, bucket());
    let messenger = Arc::new(MemoryMessenger::new());
    let outbox = Outbox::new(open(&server.url(), &bucket).await);
    let stop = CancelHandle::new();
    let (noted, mut outcomes) = mpsc::unbounded_channel();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (noted, stop) = (noted.clone(), stop.clone());
        let outbox = Outbox::new(open(&server.url(), &bucket).await).into_dyn();
        let route = Route::shared(Arc::<MemoryMessenger>::clone(&messenger));
        let worker = Worker::builder(outbox)
            .with_route("memory", route)
            .with_lease(Duration::from_secs(600))
            .with_observer(move |head| {
                if head.state == State::Sent {
                    let _ = noted.send(());
                }
            })
            .build();
        workers.spawn(async move { worker.run(&stop).await });
    }
    let group = |from: usize| (from..from + 100).map(|i| envelope(format!("message-{i}")));
    for from in (0..MESSAGES / 2).step_by(100) {
        outbox.enqueue_all(group(from)).await.unwrap();
    }
    for _ in 0..MESSAGES / 4 {
        timeout(PATIENCE, outcomes.recv()).await.unwrap().unwrap();
    }
    server.kill();
    let error = outbox.enqueue(envelope("none")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
    server.run().await;
    for from in (MESSAGES / 2..MESSAGES).step_by(100) {
        while let Err(error) = outbox.enqueue_all(group(from)).await {
            assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
        }
    }
    // A worker does not hear of the end of a message whose outcome it could not write at once.
    let query = Query::new().with_state(State::Sent).with_limit(5_000);
    let began = Instant::now();
    while outbox.list(&query).await.unwrap().len() < MESSAGES {
        assert!(began.elapsed() < PATIENCE, "{:?}", left(&outbox).await);
        outbox.store().changed(Duration::from_millis(100)).await;
    }
    stop.cancel();
    while let Some(ended) = workers.join_next().await {
        ended.unwrap().unwrap();
    }
    let sent = messenger.sent();
    let texts = sent.iter().map(|it| match &it.message.body {
        Body::Text(text) => text.clone(),
        other => panic!("not a text: {other:?}"),
    });
    let texts: BTreeSet<String> = texts.collect();
    assert_eq!((sent.len(), texts.len()), (MESSAGES, MESSAGES));
    assert_eq!(outbox.store().sessions().await.unwrap(), []);
}
