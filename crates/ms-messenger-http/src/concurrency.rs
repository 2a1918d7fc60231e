//! Whether attempts run in sequence or in parallel, which call for different connections.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many attempts after a parallel one still count as busy: a busy sender is alone for a moment
/// whenever a batch of responses came in.
const BUSY_FOR: usize = 256;

/// Counts the attempts under way.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    under_way: AtomicUsize,
    busy_for: AtomicUsize,
}

impl Traffic {
    pub(crate) fn enter(&self) -> InFlight<'_> {
        let is_alone = self.under_way.fetch_add(1, Ordering::Relaxed) == 0;
        let busy_for = self.busy_for.load(Ordering::Relaxed);
        if !is_alone {
            // Most find it set: a store from every sender would pass the cache line around.
            if busy_for != BUSY_FOR {
                self.busy_for.store(BUSY_FOR, Ordering::Relaxed);
            }
        } else if busy_for > 0 {
            self.busy_for.store(busy_for - 1, Ordering::Relaxed);
        }
        InFlight {
            traffic: self,
            is_quiet: is_alone && busy_for == 0,
        }
    }
}

/// One attempt that is under way, counted until it is dropped.
pub(crate) struct InFlight<'a> {
    traffic: &'a Traffic,
    /// Whether no other attempt is under way, nor was one lately.
    pub(crate) is_quiet: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.traffic.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_in_sequence_are_quiet() {
        let traffic = Traffic::default();
        for _ in 0..3 {
            assert!(traffic.enter().is_quiet);
        }
    }

    #[test]
    fn after_two_at_once_it_takes_a_while_to_be_quiet_again() {
        let traffic = Traffic::default();
        let first = traffic.enter();
        assert!(!traffic.enter().is_quiet);
        drop(first);
        let busy = (0..BUSY_FOR).filter(|_| !traffic.enter().is_quiet).count();
        assert_eq!(busy, BUSY_FOR);
        assert!(traffic.enter().is_quiet);
    }
}
