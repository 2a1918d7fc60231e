//! The clock of UCWA's durations, which a test can advance.

use std::{
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crate::wire::lock::lock;

/// A hundred years: further no file sets it.
const MOST_AHEAD_MS: u64 = 100 * 365 * 86_400_000;

/// A clock that is ahead of this machine's by as much as it was advanced.
#[derive(Debug, Default)]
pub(crate) struct UcwaClock(Mutex<Duration>);

impl UcwaClock {
    fn ahead(&self) -> MutexGuard<'_, Duration> {
        lock(&self.0)
    }

    /// The time on this clock.
    pub(super) fn now(&self) -> Instant {
        Instant::now() + *self.ahead()
    }

    /// When this machine's clock is where this one shows `at`; now, where that is past.
    pub(super) fn real(&self, at: Instant) -> Instant {
        let real = at.checked_sub(*self.ahead());
        real.unwrap_or_else(Instant::now)
    }

    /// Advances the clock.
    pub(super) fn advance(&self, by: Duration) {
        let mut ahead = self.ahead();
        *ahead = ahead.saturating_add(by);
    }

    /// How far it is ahead of this machine's.
    pub(super) fn is_ahead_by(&self) -> Duration {
        *self.ahead()
    }

    /// Sets it so many milliseconds ahead, as it was in an earlier start.
    pub(super) fn set_ahead(&self, ms: u64) {
        // Bounded, so that no file overflows a deadline.
        *self.ahead() = Duration::from_millis(ms.min(MOST_AHEAD_MS));
    }

    /// Sets the clock to this machine's time.
    pub(super) fn reset(&self) {
        *self.ahead() = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_due_earlier() {
        let clock = UcwaClock::default();
        let due = clock.now() + Duration::from_secs(60);
        assert!(clock.real(due) > Instant::now() + Duration::from_secs(30));
        clock.advance(Duration::from_secs(60));
        assert!(due <= clock.now() && clock.real(due) <= Instant::now());
        clock.reset();
        assert!(due > clock.now());
    }
}
