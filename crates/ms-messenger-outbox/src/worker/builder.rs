//! The settings of a worker.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    context::{Context, Observer, StoreObserver},
    doubts::Doubts,
    route::Route,
    run::Worker,
    sealed::Sealed,
    totals::Totals,
};
use crate::{error::OutboxError, message::Head, outbox::Outbox, time::LONGEST};

/// The shortest lease: a shorter one could not be kept alive.
const MIN_LEASE: Duration = Duration::from_millis(200);

/// Builds a [`Worker`]. A duration above 100 years counts as 100 years.
#[derive(Debug)]
#[must_use]
pub struct WorkerBuilder {
    context: Context,
}

impl WorkerBuilder {
    pub(super) fn new(outbox: Outbox) -> Self {
        let context = Context {
            outbox,
            routes: BTreeMap::new(),
            lease: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(60),
            settling_margin: Duration::from_secs(30),
            settling_patience: Duration::from_secs(60 * 60),
            sign_in_pause: Duration::from_secs(60),
            grace: Duration::from_secs(10),
            poll: Duration::from_millis(500),
            erases_content: false,
            is_sole_owner: false,
            observer: None,
            store_observer: None,
            totals: Totals::new(),
            sealed: Sealed::default(),
            doubts: Doubts::default(),
            settling: Semaphore::new(16),
        };
        Self { context }
    }

    /// Adds a route.
    pub fn with_route(mut self, name: impl Into<String>, route: Route) -> Self {
        self.context.routes.insert(name.into(), route);
        self
    }

    /// Sets the lease: how long the worker may send no heartbeat before others take its messages
    /// over. Default 30 s, at least 0.2 s.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.context.lease = lease.clamp(MIN_LEASE, LONGEST);
        self
    }

    /// Sets how long one send may take, including the retries of the client. Default 60 s. A message
    /// whose worker died is settled no earlier than that after its attempt began.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.context.attempt_timeout = timeout.min(LONGEST);
        self
    }

    /// Sets how long after the end of an attempt its message can still appear on the platform: the
    /// time that bytes in the buffers of a dead process, or in a slow network or service, take at
    /// most. Before that, a missing message is not proven absent. Too short a margin can cause
    /// duplicates. Default 30 s.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.context.settling_margin = margin.min(LONGEST);
        self
    }

    /// Sets for how long the platform is asked about a message again and again, before the message
    /// becomes unconfirmed, counted from when it cannot appear any more. Questions that the service
    /// rejects, e.g. with 403 or 404, are repeated for a twentieth of it. A `Retry-After` of up to an hour
    /// is always waited for. Default 1 hour.
    pub fn with_settling_patience(mut self, patience: Duration) -> Self {
        self.context.settling_patience = patience.min(LONGEST);
        self
    }

    /// Sets for how long a route pauses after its messenger could not sign in. Default 60 s.
    pub fn with_sign_in_pause(mut self, pause: Duration) -> Self {
        self.context.sign_in_pause = pause.min(LONGEST);
        self
    }

    /// Sets for how long a worker that is stopped waits for its running sends. Default 10 s.
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.context.grace = grace.min(LONGEST);
        self
    }

    /// Sets how often the store is polled for new messages if it does not announce them. Default
    /// 0.5 s.
    pub fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.context.poll = interval.clamp(Duration::from_millis(1), LONGEST);
        self
    }

    /// Declares that no other worker uses the store, because the caller holds a lock that every
    /// worker of the store needs, in other processes too. Then the sessions that a killed process
    /// left behind end when this worker starts, and not after their lease. Default `false`.
    ///
    /// The messages of such a session are settled as always, with the settling margin.
    pub fn with_sole_ownership(mut self, is_sole_owner: bool) -> Self {
        self.context.is_sole_owner = is_sole_owner;
        self
    }

    /// Sets whether the content of a message is erased when it was sent; its id, hash and receipt
    /// stay. Default `false`.
    pub fn with_erased_content(mut self, erases: bool) -> Self {
        self.context.erases_content = erases;
        self
    }

    /// Calls `observer` after each change of a message, e.g. to show progress. It must not block.
    pub fn with_observer(mut self, observer: impl Fn(&Head) + Send + Sync + 'static) -> Self {
        self.context.observer = Some(Observer(Arc::new(observer)));
        self
    }

    /// Calls `observer` with each error of the store that the worker does not end by, e.g. to report
    /// why nothing is sent: about twice a second while the store cannot be reached or written to, and at
    /// most once a minute while messages are met whose key the outbox lacks.
    /// [`run_until_empty`](Worker::run_until_empty) also reports why it leaves messages behind: each that
    /// is damaged, and the first that is sealed or held back. It must not block.
    pub fn with_store_observer(
        mut self,
        observer: impl Fn(&OutboxError) + Send + Sync + 'static,
    ) -> Self {
        self.context.store_observer = Some(StoreObserver(Arc::new(observer)));
        self
    }

    /// Builds the worker.
    #[must_use]
    pub fn build(self) -> Worker {
        Worker {
            context: Arc::new(self.context),
        }
    }
}
