//! What the receiver of lifecycle notifications says to the keeper.

use std::sync::{Arc, Mutex, PoisonError};

use ms_messenger_core::open_enum;
use tokio::sync::Notify;

open_enum! {
    /// What happened to a subscription: the `lifecycleEvent` of a notification.
    pub enum LifecycleEvent {
        /// It is paused until it is reauthorized.
        ReauthorizationRequired = "reauthorizationRequired",
        /// It has ended.
        SubscriptionRemoved = "subscriptionRemoved",
        /// Notifications were lost.
        Missed = "missed",
    }
}

/// Passes lifecycle notifications on to a [`SubscriptionKeeper`](crate::SubscriptionKeeper). A clone
/// is cheap.
#[derive(Clone, Debug, Default)]
pub struct LifecycleNotices(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    changed: Notify,
}

/// What is to be done, each at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pub(super) reauthorize: Option<String>,
    pub(super) removed: Option<String>,
    pub(super) missed: bool,
}

impl LifecycleNotices {
    /// Notes that `event` happened to the subscription `id`. What this version does not know counts
    /// as lost notifications.
    pub fn note(&self, id: &str, event: &LifecycleEvent) {
        let mut pending = self
            .0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match event {
            LifecycleEvent::ReauthorizationRequired => pending.reauthorize = Some(id.to_owned()),
            LifecycleEvent::SubscriptionRemoved => pending.removed = Some(id.to_owned()),
            _ => pending.missed = true,
        }
        drop(pending);
        self.0.changed.notify_one();
    }

    pub(super) fn take(&self) -> Pending {
        let mut pending = self
            .0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *pending)
    }

    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }
}
