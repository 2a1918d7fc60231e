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
    /// Responses in JSON or XML that were passed on as they came, so that links in them lead past the
    /// recorder: larger than 8 MiB, compressed, or to a client that called another name than one of
    /// loopback.
    pub unlinked: u64,
}

impl RecordCounts {
    pub(crate) fn new(recorded: u64, unwritten: u64, counters: &Counters) -> Self {
        Self {
            recorded,
            failed: counters.failed.load(Ordering::Relaxed),
            unwritten,
            unlinked: counters.unlinked.load(Ordering::Relaxed),
        }
    }
}

/// Counts what did not become as asked.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    failed: AtomicU64,
    unlinked: AtomicU64,
}

impl Counters {
    pub(crate) fn add_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_unlinked(&self) {
        self.unlinked.fetch_add(1, Ordering::Relaxed);
    }
}
