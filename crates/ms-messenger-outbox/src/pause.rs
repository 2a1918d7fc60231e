//! For how long no message of a route is sent.

use std::time::SystemTime;

use crate::time::{after, was_ahead};

/// The pause of a route, as a store keeps it. It keeps its length when the clock is set back.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_outbox::Pause;
///
/// let (hour, now) = (Duration::from_secs(3600), SystemTime::now());
/// let pause = Pause::NONE.extended(now + hour, now);
/// assert_eq!(pause.at(now + hour / 2).until, now + hour);
/// // The clock is set back by a day.
/// let earlier = now - 24 * hour;
/// assert_eq!(pause.at(earlier).until, earlier + hour);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pause {
    /// When it ends.
    pub until: SystemTime,
    /// When that was set, by the same clock.
    pub set_at: SystemTime,
}

impl Pause {
    /// No pause.
    pub const NONE: Self = Self::new(SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH);

    /// Creates a pause that a store kept.
    #[must_use]
    pub const fn new(until: SystemTime, set_at: SystemTime) -> Self {
        Self { until, set_at }
    }

    /// Returns the pause by a clock that shows `now`. One that was set more than a minute later, on a
    /// clock that was ahead, counts from now: a store keeps it in place of the other.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        if !was_ahead(self.set_at, now) {
            return self;
        }
        let length = self.until.duration_since(self.set_at);
        Self::new(after(now, length.unwrap_or_default()), now)
    }

    /// Returns the pause after the route was paused until `until`, at `now`: a later end is kept, and
    /// a time that has passed ends it.
    #[must_use]
    pub fn extended(self, until: SystemTime, now: SystemTime) -> Self {
        if until <= now {
            return Self::NONE;
        }
        Self::new(self.at(now).until.max(until), now)
    }

    /// Returns whether it has ended at `now`.
    #[must_use]
    pub fn is_over(self, now: SystemTime) -> bool {
        self.until <= now
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_pause_ends_when_it_should_by_clocks_that_differ_a_little_or_are_set_forward() {
        let now = SystemTime::now();
        let pause = Pause::NONE.extended(now + HOUR, now);
        for now in [
            now - Duration::from_secs(60),
            now,
            now + HOUR,
            now + 99 * HOUR,
        ] {
            assert_eq!(pause.at(now), pause);
        }
        assert!(!pause.is_over(now) && pause.is_over(now + HOUR));
    }

    #[test]
    fn a_pause_that_is_extended_after_the_clock_was_set_back_counts_by_the_new_time() {
        let now = SystemTime::now();
        let ahead = Pause::NONE.extended(now + 101 * HOUR, now + 100 * HOUR);
        let shorter = ahead.extended(now + HOUR / 2, now);
        assert_eq!(shorter, Pause::new(now + HOUR, now));
        let longer = ahead.extended(now + 2 * HOUR, now);
        assert_eq!(longer, Pause::new(now + 2 * HOUR, now));
        assert_eq!(ahead.extended(now, now), Pause::NONE);
        // What cannot be is no pause at all.
        let damaged = Pause::new(now, now + 100 * HOUR);
        assert!(damaged.at(now).is_over(now));
    }
}
