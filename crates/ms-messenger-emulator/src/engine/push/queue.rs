//! What waits for one receiver, and its delivery.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use http::StatusCode;
use tokio::sync::Notify;

use crate::{
    engine::push::{
        address::Address,
        call::{NoReply, Outgoing, call},
        pending::Pending,
    },
    wire::{clock::Clock, lock::lock},
};

/// So much waits at most for one receiver; what comes then is lost.
pub(crate) const CAPACITY: usize = 10_000;

/// What a receiver made of a request.
pub(crate) type Judged = Result<StatusCode, NoReply>;

/// What waits for one receiver, by the time at which it is due by the services' clock, and what
/// became of the rest.
pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    added: Notify,
}

struct Waiting<T> {
    next: u64,
    items: BTreeMap<(u64, u64), Pending<T>>,
    /// Taken, and neither delivered nor back.
    under_way: usize,
    delivered: u64,
    lost: u64,
}

/// A request that carries something.
#[derive(Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) address: &'a Address,
    pub(crate) outgoing: &'a Outgoing,
    /// How long the response may take.
    pub(crate) limit: Duration,
    /// Which responses acknowledge it.
    pub(crate) is_success: fn(StatusCode) -> bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                next: 0,
                items: BTreeMap::new(),
                under_way: 0,
                delivered: 0,
                lost: 0,
            }),
            added: Notify::new(),
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Queue({})", self.len())
    }
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        lock(&self.waiting)
    }

    /// How much was neither delivered nor lost: what is under way, too.
    pub(crate) fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.items.len() + waiting.under_way
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.lock().delivered
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lock().lost
    }

    pub(crate) fn count_lost(&self) {
        self.lock().lost += 1;
    }

    /// Adds an item that is due at `due`, epoch milliseconds. It is lost where there is no room.
    pub(crate) fn push(&self, due: u64, item: Pending<T>) {
        let mut waiting = self.lock();
        if waiting.items.len() >= CAPACITY {
            waiting.lost += 1;
            return;
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.items.insert((due, number), item);
        drop(waiting);
        self.added.notify_one();
    }

    /// Adds an item that is attempted for the first time.
    pub(crate) fn push_first(&self, item: Pending<T>) {
        self.push(item.delivery.first_due, item);
    }

    /// Waits until an item is due, and takes up to `most` that are, in their order. They go to
    /// [`deliver`](Self::deliver).
    pub(crate) async fn next(&self, most: usize, clock: &Clock) -> Vec<Pending<T>> {
        loop {
            let taken = self.take(most.max(1), clock.now_ms());
            if !taken.is_empty() {
                return taken;
            }
            let first = self.lock().items.keys().next().copied();
            let due = async {
                match first {
                    Some((due, _)) => clock.until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.added.notified() => {}
                () = due => {}
            }
        }
    }

    fn take(&self, most: usize, now: u64) -> Vec<Pending<T>> {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        while taken.len() < most {
            match waiting.items.first_entry() {
                Some(first) if first.key().0 <= now => taken.push(first.remove()),
                _ => break,
            }
        }
        waiting.under_way += taken.len();
        taken
    }

    /// Attempts to deliver what was taken. `again` gets what was not acknowledged, with the reason, and
    /// either adds or loses it.
    pub(crate) async fn deliver(
        &self,
        mut batch: Vec<Pending<T>>,
        attempt: Attempt<'_>,
        clock: &Clock,
        again: impl Fn(Judged, Pending<T>),
    ) {
        let count = batch.len();
        let request = || call(attempt.address, attempt.outgoing, attempt.limit);
        let judged = request().await.map(|reply| reply.status);
        let is_held = |pending: &Pending<T>| pending.delivery.is_held;
        let releases = !batch.iter().all(is_held);
        for pending in &mut batch {
            pending.delivery.attempts += 1;
            pending.delivery.urgency = None;
            // What has to be retried waits as long as anything else.
            pending.delivery.is_held = false;
        }
        if judged.is_ok_and(attempt.is_success) {
            self.lock().delivered += count as u64;
            if batch.iter().any(|pending| pending.delivery.is_duplicated) {
                // Whatever the receiver makes of the copy: it was delivered.
                let _ = request().await;
            }
        } else {
            for pending in batch {
                again(judged, pending);
            }
        }
        self.lock().under_way -= count;
        if releases {
            self.hasten(clock.now_ms(), is_held);
        }
    }

    /// Makes the items that `is_meant` admits due now.
    fn hasten(&self, now: u64, is_meant: impl Fn(&Pending<T>) -> bool) {
        let mut waiting = self.lock();
        let items = waiting.items.iter();
        let meant = items.filter(|(_, item)| is_meant(item));
        let keys: Vec<(u64, u64)> = meant.map(|(key, _)| *key).collect();
        for key in keys {
            if let Some(item) = waiting.items.remove(&key) {
                waiting.items.insert((key.0.min(now), key.1), item);
            }
        }
        drop(waiting);
        self.added.notify_one();
    }
}
