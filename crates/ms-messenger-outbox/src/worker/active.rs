//! What the route loop and the messages that it sends share.

use std::sync::atomic::{AtomicU64, Ordering};

use ms_messenger_core::SharedMessenger;

/// What the loop of a route and its messages share.
#[derive(Debug)]
pub(super) struct ActiveRoute {
    pub(super) name: String,
    pub(super) messenger: SharedMessenger,
    pauses: AtomicU64,
}

impl ActiveRoute {
    pub(super) fn new(name: &str, messenger: SharedMessenger) -> Self {
        Self {
            name: name.to_owned(),
            messenger,
            pauses: AtomicU64::new(0),
        }
    }

    /// How often this worker has met a pause of the route. What was claimed before the last one is
    /// not sent.
    pub(super) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Acquire)
    }

    /// Notes that the route pauses.
    pub(super) fn pause(&self) {
        self.pauses.fetch_add(1, Ordering::AcqRel);
    }
}
