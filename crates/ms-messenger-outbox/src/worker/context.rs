//! What all parts of a worker share.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{doubts::Doubts, route::Route, sealed::Sealed, totals::Totals};
use crate::{error::OutboxError, message::Head, outbox::Outbox};

/// What all parts of a worker share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) outbox: Outbox,
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) lease: Duration,
    pub(super) attempt_timeout: Duration,
    pub(super) settling_margin: Duration,
    pub(super) settling_patience: Duration,
    pub(super) sign_in_pause: Duration,
    pub(super) grace: Duration,
    pub(super) poll: Duration,
    pub(super) erases_content: bool,
    /// Whether no other worker uses the store.
    pub(super) is_sole_owner: bool,
    pub(super) observer: Option<Observer>,
    pub(super) store_observer: Option<StoreObserver>,
    pub(super) totals: Totals,
    pub(super) sealed: Sealed,
    pub(super) doubts: Doubts,
    /// How many messages are settled at a time.
    pub(super) settling: Semaphore,
}

/// Is called after each change.
pub(super) struct Observer(pub(super) Arc<dyn Fn(&Head) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// Is told of errors of the store.
pub(super) struct StoreObserver(pub(super) Arc<dyn Fn(&OutboxError) + Send + Sync>);

impl fmt::Debug for StoreObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreObserver")
    }
}

/// How long to wait after a store could not be reached.
pub(super) const STORE_PAUSE: Duration = Duration::from_millis(500);

impl Context {
    pub(super) fn observe(&self, head: &Head) {
        trace(head);
        self.totals.count(head);
        if let Some(observer) = &self.observer {
            (observer.0)(head);
        }
    }

    /// Tells of an error of the store that the worker does not end by.
    pub(super) fn store_failed(&self, error: &OutboxError) {
        trace_failure(error);
        if let Some(observer) = &self.store_observer {
            (observer.0)(error);
        }
    }
}

#[cfg(feature = "tracing")]
fn trace_failure(error: &OutboxError) {
    tracing::warn!(error = %error, kind = ?error.kind(), "the store failed");
}

#[cfg(not(feature = "tracing"))]
fn trace_failure(_: &OutboxError) {}

/// Traces the change of a message.
#[cfg(feature = "tracing")]
fn trace(head: &Head) {
    use crate::state::State;
    let (id, route, state) = (head.id.as_str(), head.route.as_str(), head.state.as_str());
    let attempts = head.attempts;
    match head.state {
        State::Unconfirmed => {
            tracing::warn!(
                id,
                route,
                attempts,
                "it is unknown whether the message was sent"
            );
        }
        State::Refused => tracing::warn!(id, route, attempts, "the message was refused"),
        State::Expired => tracing::warn!(id, route, attempts, "the message has expired"),
        _ => tracing::debug!(id, route, state, attempts, "the message changed"),
    }
}

#[cfg(not(feature = "tracing"))]
fn trace(_: &Head) {}
