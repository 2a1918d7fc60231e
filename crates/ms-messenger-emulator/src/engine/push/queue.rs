//! What waits to be delivered, by the time at which it is due.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
};

use tokio::sync::Notify;

use crate::wire::{clock::Clock, lock::lock};

/// So much waits at most for one receiver; what comes then is lost.
pub(crate) const CAPACITY: usize = 10_000;

/// What waits for one receiver, by the time at which it is due by the services' clock.
pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    added: Notify,
}

struct Waiting<T> {
    next: u64,
    items: BTreeMap<(u64, u64), T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                next: 0,
                items: BTreeMap::new(),
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

    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Adds an item that is due at `due`, epoch milliseconds. Returns whether there was room.
    pub(crate) fn push(&self, due: u64, item: T) -> bool {
        let mut waiting = self.lock();
        if waiting.items.len() >= CAPACITY {
            return false;
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.items.insert((due, number), item);
        drop(waiting);
        self.added.notify_one();
        true
    }

    /// Waits for the next item that is due.
    pub(crate) async fn next(&self, clock: &Clock) -> T {
        loop {
            if let Some(item) = self.take(1, clock.now_ms()).pop() {
                return item;
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

    /// Takes up to `most` items that are due at `now`, in their order.
    pub(crate) fn take(&self, most: usize, now: u64) -> Vec<T> {
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        while taken.len() < most {
            match waiting.items.first_entry() {
                Some(first) if first.key().0 <= now => taken.push(first.remove()),
                _ => break,
            }
        }
        taken
    }

    /// Makes the items that `is_meant` admits due now.
    pub(crate) fn hasten(&self, now: u64, is_meant: impl Fn(&T) -> bool) {
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
