//! One subscription that is in force, and what waits for its receiver.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    engine::push::{address::Address, queue::Queue, urgent::Urgency},
    services::acs::events::{event::Event, subscription::EventSubscription},
    wire::lock::lock,
};

/// So many dead letters are kept of one subscription; older ones are dropped.
const DEAD_LETTERS: usize = 1000;

/// A subscription that is in force.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) subscription: EventSubscription,
    pub(crate) address: Address,
    pub(crate) queue: Queue<Pending>,
    dead: Mutex<VecDeque<Value>>,
    delivered: AtomicU64,
    lost: AtomicU64,
}

/// An event that waits for its next attempt.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) event: Event,
    /// When the first attempt was due, epoch milliseconds.
    pub(crate) first_due: u64,
    pub(crate) attempts: u32,
    pub(crate) is_duplicated: bool,
    pub(crate) is_chunked: bool,
    pub(crate) is_lower_case: bool,
    /// Whether it is held back for the next event.
    pub(crate) is_held: bool,
    /// Until the first attempt, where a response waits for it.
    pub(crate) urgency: Option<Urgency>,
}

impl Live {
    pub(crate) fn new(subscription: EventSubscription, address: Address) -> Self {
        Self {
            subscription,
            address,
            queue: Queue::default(),
            dead: Mutex::default(),
            delivered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Whether the receiver wants events of that type.
    pub(crate) fn wants(&self, kind: &str) -> bool {
        let types = &self.subscription.event_types;
        types.is_empty() || types.iter().any(|wanted| wanted == kind)
    }

    /// Adds an event that is due at `due`; it is lost where too many wait.
    pub(crate) fn push(&self, due: u64, pending: Pending) {
        if !self.queue.push(due, pending) {
            self.count_lost();
        }
    }

    pub(crate) fn count_lost(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_delivered(&self, events: usize) {
        self.delivered.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// Keeps an event that was given up.
    pub(crate) fn bury(&self, letter: Value) {
        let mut dead = lock(&self.dead);
        if dead.len() == DEAD_LETTERS {
            dead.pop_front();
        }
        dead.push_back(letter);
    }

    /// The events that were given up, oldest first.
    pub(crate) fn dead_letters(&self) -> Vec<Value> {
        lock(&self.dead).iter().cloned().collect()
    }

    /// The subscription without its secrets, and what became of its events.
    pub(crate) fn to_json(&self) -> Value {
        let subscription = &self.subscription;
        json!({
            "name": subscription.name,
            "url": self.address.without_query(),
            "schema": subscription.schema.as_str(),
            "event_types": subscription.event_types,
            "batch": subscription.batch,
            "waiting": self.queue.len(),
            "delivered": self.delivered.load(Ordering::Relaxed),
            "lost": self.lost.load(Ordering::Relaxed),
            "dead_letters": lock(&self.dead).len(),
        })
    }
}
