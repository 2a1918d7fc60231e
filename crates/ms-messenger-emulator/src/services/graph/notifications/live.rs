//! One subscription that is in force, and what waits for its receiver.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    engine::push::{queue::Queue, urgent::Urgency},
    services::graph::notifications::subscription::Subscription,
    wire::{clock, lock::lock},
};

/// A subscription that is in force.
#[derive(Debug)]
pub(crate) struct Live {
    subscription: Mutex<Subscription>,
    pub(crate) queue: Queue<Pending>,
    /// Whether notifications pause until the app reauthorizes.
    pub(crate) is_paused: AtomicBool,
    /// Whether it was ended, and only what waits is still delivered.
    pub(crate) is_removed: AtomicBool,
    pub(crate) delivered: AtomicU64,
    pub(crate) lost: AtomicU64,
}

/// Which token comes with encrypted content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenKind {
    #[default]
    Sound,
    Foreign,
    Expired,
}

/// A notification that waits for its next attempt.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) items: Vec<Value>,
    pub(crate) is_lifecycle: bool,
    pub(crate) token: TokenKind,
    pub(crate) first_due: u64,
    pub(crate) attempts: u32,
    pub(crate) is_duplicated: bool,
    pub(crate) is_chunked: bool,
    pub(crate) is_lower_case: bool,
    pub(crate) is_held: bool,
    pub(crate) urgency: Option<Urgency>,
}

impl Pending {
    pub(crate) fn new(items: Vec<Value>, is_lifecycle: bool, due: u64) -> Self {
        Self {
            items,
            is_lifecycle,
            token: TokenKind::Sound,
            first_due: due,
            attempts: 0,
            is_duplicated: false,
            is_chunked: false,
            is_lower_case: false,
            is_held: false,
            urgency: None,
        }
    }
}

impl Live {
    pub(crate) fn new(subscription: Subscription) -> Self {
        Self {
            subscription: Mutex::new(subscription),
            queue: Queue::default(),
            is_paused: AtomicBool::new(false),
            is_removed: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// The subscription; hold it briefly and never across an await.
    pub(crate) fn subscription(&self) -> MutexGuard<'_, Subscription> {
        lock(&self.subscription)
    }

    /// Whether it is in force at `now`.
    pub(crate) fn is_in_force(&self, now: u64) -> bool {
        !self.is_removed.load(Ordering::Relaxed) && self.subscription().expires > now
    }

    pub(crate) fn push(&self, pending: Pending) {
        if !self.queue.push(pending.first_due, pending) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The members that every item has.
    pub(crate) fn item(&self, tenant: &str, resource: &str) -> Value {
        let subscription = self.subscription();
        let expires = clock::rfc3339_seconds(subscription.expires);
        json!({
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": expires.replace('Z', "+00:00"),
            "clientState": subscription.client_state,
            "tenantId": tenant,
            "resource": resource,
        })
    }
}
