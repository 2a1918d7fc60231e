//! Messages whose key the outbox lacks.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How often a missing key is reported at most.
const REPORTED_EVERY: Duration = Duration::from_secs(60);

/// How often a worker met a message whose key the outbox lacks.
#[derive(Debug, Default)]
pub(super) struct Sealed {
    seen: AtomicU64,
    reported_at: Mutex<Option<Instant>>,
}

impl Sealed {
    /// How often it met one.
    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Acquire)
    }

    /// Counts a message. Returns whether that is to be reported: there may be many of them, again and
    /// again.
    pub(super) fn is_news(&self) -> bool {
        self.seen.fetch_add(1, Ordering::AcqRel);
        let mut at = self
            .reported_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_news = at.is_none_or(|it| it.elapsed() >= REPORTED_EVERY);
        if is_news {
            *at = Some(Instant::now());
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_key_is_reported_once_for_many_messages() {
        let sealed = Sealed::default();
        let reports = (0..1000).filter(|_| sealed.is_news()).count();
        assert_eq!((reports, sealed.seen()), (1, 1000));
    }
}
