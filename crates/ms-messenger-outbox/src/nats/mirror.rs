//! The task that keeps the index of a handle up with the bucket.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::jetstream::{
    Message,
    consumer::{DeliverPolicy, push::OrderedConfig},
};
use futures_util::StreamExt as _;
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    bucket::{Bucket, is_deletion, written_at},
    failure::unavailable,
    follow::Written,
    index::Index,
};
use crate::error::{OutboxError, OutboxErrorKind, Result};

/// After how long without a write that is known to exist the subscription is renewed.
const RENEW: Duration = Duration::from_secs(1);
/// How long a call waits until the index is up to date, which takes longest when a handle is new.
const LONGEST: Duration = Duration::from_secs(60);

/// The index of a handle, and the task that keeps it up.
#[derive(Debug)]
pub(super) struct Mirror {
    shared: Arc<Shared>,
    bucket: Bucket,
    task: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    index: Mutex<Index>,
    seq: watch::Sender<u64>,
    changed: Notify,
    renew: Notify,
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mirror {
    pub(super) fn new(bucket: Bucket) -> Self {
        let shared = Arc::new(Shared {
            index: Mutex::default(),
            seq: watch::Sender::new(0),
            changed: Notify::new(),
            renew: Notify::new(),
        });
        let task = tokio::spawn(run(Arc::clone(&shared), bucket.clone()));
        Self {
            shared,
            bucket,
            task: task.abort_handle(),
        }
    }

    /// The index as it is.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.shared.index()
    }

    /// Waits until the index has followed every write that was made before the call.
    pub(super) async fn sync(&self) -> Result<()> {
        let target = self.bucket.last().await?;
        let mut seq = self.shared.seq.subscribe();
        let started = Instant::now();
        let mut seen = *seq.borrow();
        if seen > target && self.bucket.last().await? < seen {
            let text = "the bucket was replaced by an earlier one: open the store again";
            return Err(OutboxError::new(OutboxErrorKind::Store, text));
        }
        while started.elapsed() < LONGEST {
            let reached = timeout(RENEW, seq.wait_for(|it| *it >= target))
                .await
                .is_ok();
            if reached {
                return Ok(());
            }
            let now = *seq.borrow();
            if now == seen {
                self.shared.renew.notify_one();
            }
            seen = now;
        }
        Err(unavailable("the index of the bucket is not up to date yet"))
    }

    /// Waits until something may have become due.
    pub(super) async fn changed(&self) {
        self.shared.changed.notified().await;
    }
}

async fn run(shared: Arc<Shared>, bucket: Bucket) {
    loop {
        let renewed = shared.renew.notified();
        tokio::select! {
            () = renewed => {}
            () = subscribe(&shared, &bucket) => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Follows the bucket until the subscription ends.
async fn subscribe(shared: &Shared, bucket: &Bucket) {
    let next = shared.index().seq + 1;
    let config = OrderedConfig {
        deliver_subject: bucket.client.new_inbox(),
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: next,
        },
        ..OrderedConfig::default()
    };
    let Ok(consumer) = bucket.stream.create_consumer(config).await else {
        return;
    };
    let Ok(mut messages) = consumer.messages().await else {
        return;
    };
    while let Some(Ok(message)) = messages.next().await {
        follow(shared, bucket, &message);
    }
}

fn follow(shared: &Shared, bucket: &Bucket, message: &Message) {
    let (Ok(info), Some(key)) = (message.info(), bucket.key(&message.subject)) else {
        return;
    };
    let is_deleted = is_deletion(message.headers.as_ref());
    let written = Written {
        key,
        revision: info.stream_sequence,
        value: (!is_deleted).then_some(&message.payload),
        at: written_at(info.published.unix_timestamp_nanos()),
    };
    let wakes = shared.index().follow(&written);
    shared.seq.send_replace(written.revision);
    if wakes {
        shared.changed.notify_waiters();
    }
}
