//! Workers on several machines.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ms_messenger_core::{CancelHandle, MemoryMessenger};
use ms_messenger_outbox::{Outbox, Query, Route, State, Store as _, Worker};
use tokio::sync::mpsc;

use super::{
    envelope,
    server::{open, schema, shared},
    texts,
};

const MESSAGES: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL"]
async fn workers_on_separate_pools_send_each_message_once() {
    let (url, schema) = (shared().await, schema());
    let messenger = Arc::new(MemoryMessenger::new());
    let mut workers = tokio::task::JoinSet::new();
    let outbox = Outbox::new(open(&url, &schema).await);
    let group = |from: usize| (from..from + 100).map(|i| envelope(format!("message-{i}")));
    outbox.enqueue_all(group(0)).await.unwrap();
    let stop = CancelHandle::new();
    let (noted, mut outcomes) = mpsc::unbounded_channel();
    for _ in 0..4 {
        let (noted, stop) = (noted.clone(), stop.clone());
        let outbox = Outbox::new(open(&url, &schema).await).into_dyn();
        let route = Route::shared(Arc::<MemoryMessenger>::clone(&messenger));
        let worker = Worker::builder(outbox)
            .with_route("memory", route)
            .with_lease(Duration::from_secs(120))
            .with_observer(move |head| {
                if head.state == State::Sent {
                    let _ = noted.send(());
                }
            })
            .build();
        workers.spawn(async move { worker.run(&stop).await });
    }
    for from in (100..MESSAGES).step_by(100) {
        outbox.enqueue_all(group(from)).await.unwrap();
    }
    for _ in 0..MESSAGES {
        outcomes.recv().await.unwrap();
    }
    stop.cancel();
    while let Some(ended) = workers.join_next().await {
        ended.unwrap().unwrap();
    }
    let sent = texts(&messenger);
    let texts: BTreeSet<&String> = sent.iter().collect();
    assert_eq!((sent.len(), texts.len()), (MESSAGES, MESSAGES));
    let query = Query::new().with_state(State::Sent).with_limit(5_000);
    let stored = outbox.list(&query).await.unwrap();
    assert_eq!(stored.len(), MESSAGES);
    // Not by their leases: what waits for long in one worker is given back, and claimed again.
    assert!(stored.iter().all(|it| it.attempts == 1));
    assert_eq!(outbox.store().sessions().await.unwrap(), []);
}
