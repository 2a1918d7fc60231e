//! One subscription that is in force, and what waits for its receiver.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::{
    engine::push::queue::Queue,
    services::graph::notifications::subscription::Subscription,
    wire::{clock, lock::lock},
};

/// A subscription that is in force.
#[derive(Debug)]
pub(crate) struct Live {
    subscription: Mutex<Subscription>,
    pub(crate) queue: Queue<Notice>,
    /// Whether notifications pause until the app reauthorizes.
    pub(crate) is_paused: AtomicBool,
    /// Whether it was ended, and only what waits is still delivered.
    pub(crate) is_removed: AtomicBool,
}

/// Which token comes with encrypted content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TokenKind {
    #[default]
    Sound,
    Foreign,
    Expired,
}

/// A notification on its way to one receiver.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) items: Vec<Value>,
    pub(crate) is_lifecycle: bool,
    pub(crate) token: TokenKind,
}

impl Live {
    pub(crate) fn new(subscription: Subscription) -> Self {
        Self {
            subscription: Mutex::new(subscription),
            queue: Queue::default(),
            is_paused: AtomicBool::new(false),
            is_removed: AtomicBool::new(false),
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
