//! What the route loop and the messages that it sends share.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::SharedMessenger;

use super::context::Context;
use crate::time::after;

/// What the loop of a route and its messages share.
#[derive(Debug)]
pub(super) struct ActiveRoute {
    pub(super) name: String,
    pub(super) messenger: SharedMessenger,
    pauses: AtomicU64,
    /// Until when the service wants no message, as far as this worker was told.
    pub(super) sends: Quiet,
    /// Until when the service wants no question about one.
    pub(super) questions: Quiet,
}

/// Until when a service wants no request of a kind.
#[derive(Debug, Default)]
pub(super) struct Quiet(Mutex<Option<Instant>>);

impl ActiveRoute {
    pub(super) fn new(name: &str, messenger: SharedMessenger) -> Self {
        Self {
            name: name.to_owned(),
            messenger,
            pauses: AtomicU64::new(0),
            sends: Quiet::default(),
            questions: Quiet::default(),
        }
    }

    /// How often this worker has met a pause of the route. What was claimed before the last one is
    /// not sent.
    pub(super) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Acquire)
    }

    /// Pauses the route for every worker.
    pub(super) async fn pause_until(&self, context: &Context, until: SystemTime) {
        let wait = until.duration_since(SystemTime::now()).unwrap_or_default();
        self.sends.extend(wait);
        self.pauses.fetch_add(1, Ordering::AcqRel);
        let _ = context.outbox.store().pause(&self.name, until).await;
        self.pauses.fetch_add(1, Ordering::AcqRel);
    }

    /// Pauses the route for every worker, for this long from now.
    pub(super) async fn pause_for(&self, context: &Context, wait: Duration) {
        let until = after(SystemTime::now(), wait);
        self.pause_until(context, until).await;
    }
}

impl Quiet {
    /// Extends it to this time from now.
    pub(super) fn extend(&self, wait: Duration) {
        let until = Instant::now().checked_add(wait);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = (*known).max(until);
    }

    /// How long it still lasts.
    pub(super) fn left(&self) -> Duration {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }
}
