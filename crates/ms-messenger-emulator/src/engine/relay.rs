//! Posts each stored message to a receiver. What waits is the ledger itself, so a slow receiver takes
//! no memory and holds up no request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::engine::{
    ledger::{filter::Filter, row::KeptRow},
    push::{
        address::Address,
        call::{Outgoing, call},
    },
    resources::Engine,
};

/// So many messages wait at most; older ones are dropped.
const MOST_WAITING: u64 = 10_000;
/// The pauses before the retries of one message.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// How long a response may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where each stored message is posted, and what became of them.
#[derive(Debug)]
pub(crate) struct Relay {
    address: Address,
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// The number of the newest message that was dealt with, since the last reset.
    done: AtomicU64,
}

/// What became of one message.
enum Posted {
    Delivered,
    Failed,
    /// The emulator was reset meanwhile.
    Forgotten,
}

impl Relay {
    pub(crate) const fn new(address: Address) -> Self {
        Self {
            address,
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }
    }

    /// The member `on_message` of the statistics.
    pub(crate) fn to_json(&self, engine: &Engine) -> Value {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "delivered": count(&self.delivered),
            "failed": count(&self.failed),
            "dropped": count(&self.dropped),
            "waiting": self.waiting(engine),
        })
    }

    /// How many messages were neither posted nor dropped.
    pub(crate) fn waiting(&self, engine: &Engine) -> u64 {
        let (_, next) = engine.ledger().numbers();
        (next - 1).saturating_sub(self.done.load(Ordering::Acquire))
    }

    /// Leaves out what was stored so far.
    pub(crate) fn skip(&self, engine: &Engine) {
        let (_, next) = engine.ledger().numbers();
        self.done.store(next - 1, Ordering::Release);
    }

    /// Posts what is stored, until the emulator ends.
    pub(crate) async fn run(self: Arc<Self>, engine: Arc<Engine>) {
        let mut changes = engine.changes();
        let mut resets = engine.resets();
        loop {
            changes.borrow_and_update();
            if engine.resets() != resets {
                resets = engine.resets();
                self.done.store(0, Ordering::Release);
            }
            match self.next(&engine) {
                Some(row) => self.deal_with(&row, &engine, resets).await,
                None => {
                    if changes.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The oldest message that waits. Those that are too many, or are no longer kept, are dropped.
    fn next(&self, engine: &Engine) -> Option<KeptRow> {
        let ledger = engine.ledger();
        let (first, next) = ledger.numbers();
        let wanted = self.done.load(Ordering::Acquire) + 1;
        let from = wanted.max(first).max(next.saturating_sub(MOST_WAITING));
        self.dropped.fetch_add(from - wanted, Ordering::Relaxed);
        self.done.store(from - 1, Ordering::Release);
        ledger.part(&Filter::default(), from, from + 1).pop()
    }

    async fn deal_with(&self, row: &KeptRow, engine: &Engine, resets: u64) {
        let counter = match self.post(row, engine, resets).await {
            Posted::Delivered => &self.delivered,
            Posted::Failed => &self.failed,
            Posted::Forgotten => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::AcqRel);
    }

    async fn post(&self, row: &KeptRow, engine: &Engine, resets: u64) -> Posted {
        let body = serde_json::to_vec(&row.open()).unwrap_or_default();
        let json = HeaderValue::from_static("application/json");
        let outgoing = Outgoing {
            method: Method::POST,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: Bytes::from(body),
            is_chunked: false,
            is_lower_case: false,
        };
        let mut pauses = PAUSES.iter();
        loop {
            let reply = call(&self.address, &outgoing, PATIENCE).await;
            if reply.is_ok_and(|reply| reply.status.is_success()) {
                return Posted::Delivered;
            }
            if engine.resets() != resets {
                return Posted::Forgotten;
            }
            match pauses.next() {
                Some(pause) => sleep(*pause).await,
                None => return Posted::Failed,
            }
        }
    }
}
