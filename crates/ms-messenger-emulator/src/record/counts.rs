//! What a recorder counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of the requests to a recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordCounts {
    /// Exchanges in the file.
    pub recorded: u64,
    /// Requests that the service gave no response to, or that were not forwarded.
    pub failed: u64,
    /// Exchanges that were passed on and could not be written to the file.
    pub unwritten: u64,
}

impl RecordCounts {
    pub(crate) const fn new(recorded: u64, failed: u64, unwritten: u64) -> Self {
        Self {
            recorded,
            failed,
            unwritten,
        }
    }
}

/// Counts the requests without a response.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    failed: AtomicU64,
}

impl Counters {
    pub(crate) fn add_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
