//! One subscription that is in force, and what waits for its receiver.

use std::{collections::VecDeque, sync::Mutex};

use serde_json::{Value, json};

use crate::{
    engine::push::{address::Address, queue::Queue},
    services::acs::events::{consent::Consent, event::Event, subscription::EventSubscription},
    wire::lock::lock,
};

/// So many dead letters are kept of one subscription; older ones are dropped.
const DEAD_LETTERS: usize = 1000;

/// A subscription that is in force.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) subscription: EventSubscription,
    pub(crate) address: Address,
    pub(crate) queue: Queue<Event>,
    pub(crate) consent: Consent,
    dead: Mutex<VecDeque<Value>>,
}

impl Live {
    pub(crate) fn new(subscription: EventSubscription, address: Address) -> Self {
        Self {
            subscription,
            address,
            queue: Queue::default(),
            consent: Consent::default(),
            dead: Mutex::default(),
        }
    }

    /// Whether the receiver gets events of that type.
    pub(crate) fn wants(&self, kind: &str) -> bool {
        let types = &self.subscription.event_types;
        let is_meant = types.is_empty() || types.iter().any(|wanted| wanted == kind);
        is_meant && self.consent.is_given()
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
    pub(crate) fn to_json(&self, now: u64) -> Value {
        let subscription = &self.subscription;
        json!({
            "name": subscription.name,
            "state": self.consent.as_str(now),
            "url": self.address.without_query(),
            "schema": subscription.schema.as_str(),
            "event_types": subscription.event_types,
            "batch": subscription.batch,
            "waiting": self.queue.len(),
            "delivered": self.queue.delivered(),
            "lost": self.queue.lost(),
            "dead_letters": lock(&self.dead).len(),
        })
    }
}
