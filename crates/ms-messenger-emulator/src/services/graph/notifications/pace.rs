//! How fast deliveries go.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How fast things go: settings that the service itself does not have.
#[derive(Debug)]
pub(crate) struct Pace {
    factor: AtomicU64,
    response_ms: AtomicU64,
}

impl Pace {
    /// The pace of the service.
    pub(crate) fn new() -> Self {
        Self {
            factor: AtomicU64::new(1),
            response_ms: AtomicU64::new(10_000),
        }
    }

    /// How many times faster the waits between attempts pass.
    pub(crate) fn factor(&self) -> u64 {
        self.factor.load(Ordering::Relaxed).max(1)
    }

    /// How long a response may take.
    pub(crate) fn response_ms(&self) -> u64 {
        self.response_ms.load(Ordering::Relaxed)
    }

    /// The same as a duration.
    pub(crate) fn limit(&self) -> Duration {
        Duration::from_millis(self.response_ms())
    }

    pub(crate) fn set(&self, factor: u64, response_ms: u64) {
        self.factor.store(factor, Ordering::Relaxed);
        self.response_ms.store(response_ms, Ordering::Relaxed);
    }
}
