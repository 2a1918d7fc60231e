//! A server that goes away and comes back.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{CancelHandle, MemoryMessenger};
use ms_messenger_outbox::{Inserted, Outbox, OutboxErrorKind, Route, State, Worker};
use tokio::sync::mpsc;

use super::{
    envelope,
    server::{Server, open, schema},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn a_worker_goes_on_when_the_server_is_back() {
    let server = Server::start().await;
    let outbox = Outbox::new(open(&server.url(), &schema()).await);
    let messenger = Arc::new(MemoryMessenger::new());
    let (sent, mut outcomes) = mpsc::unbounded_channel();
    let worker = Worker::builder(outbox.clone().into_dyn())
        .with_route(
            "memory",
            Route::shared(Arc::<MemoryMessenger>::clone(&messenger)),
        )
        .with_lease(Duration::from_secs(60))
        .with_observer(move |head| {
            if head.state == State::Sent {
                let _ = sent.send(head.id.to_string());
            }
        })
        .build();
    let stop = CancelHandle::new();
    let stopping = stop.clone();
    let running = tokio::spawn(async move { worker.run(&stopping).await });
    outbox.enqueue(envelope("before")).await.unwrap();
    assert_eq!(outcomes.recv().await.unwrap(), "before");

    server.stop();
    let error = outbox.enqueue(envelope("after")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
    assert!(error.is_transient());
    server.run().await;

    let mut inserted = outbox.enqueue(envelope("after")).await;
    while let Err(error) = inserted {
        // The pool finds its old connections broken, one by one.
        assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
        inserted = outbox.enqueue(envelope("after")).await;
    }
    assert!(matches!(inserted, Ok(Inserted::New | Inserted::Same(_))));
    assert_eq!(outcomes.recv().await.unwrap(), "after");
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(messenger.sent().len(), 2);
}
