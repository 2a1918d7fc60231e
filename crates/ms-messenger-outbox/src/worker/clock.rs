//! Notices that the clock was set back.

use std::time::{Duration, Instant, SystemTime};

use crate::time::SKEW;

/// The two clocks of a worker at one moment: the wall clock, which can be set, and the one that only
/// goes on.
#[derive(Debug)]
pub(super) struct Clock {
    at: (Instant, SystemTime),
    was_set_back: bool,
}

impl Clock {
    /// Creates a clock of which it is unknown whether it was set back before.
    pub(super) fn new() -> Self {
        Self {
            at: (Instant::now(), SystemTime::now()),
            was_set_back: true,
        }
    }

    /// Returns whether the wall clock was set back since [`is_noted`](Self::is_noted).
    pub(super) fn was_set_back(&mut self) -> bool {
        let now = (Instant::now(), SystemTime::now());
        self.was_set_back |= is_back(self.at, now);
        self.at = now;
        self.was_set_back
    }

    /// Notes that what follows from it was done.
    pub(super) fn is_noted(&mut self) {
        self.was_set_back = false;
    }
}

/// Whether the wall clock shows less than it should, by more than clocks differ anyway.
fn is_back(before: (Instant, SystemTime), now: (Instant, SystemTime)) -> bool {
    let passed: Duration = now.0.saturating_duration_since(before.0);
    let expected = before.1.checked_add(passed);
    let behind = expected.and_then(|it| it.duration_since(now.1).ok());
    behind.is_some_and(|it| it > SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_noticed_until_it_is_noted() {
        let (began, wall) = (Instant::now(), SystemTime::now());
        let second = Duration::from_secs(1);
        let hour = 3600 * second;
        let before = (began, wall);
        assert!(is_back(before, (began + hour, wall)));
        assert!(is_back(before, (began + second, wall - hour)));
        assert!(!is_back(before, (began + hour, wall + hour)));
        // It differs a little, was set forward, or the machine slept.
        assert!(!is_back(before, (began + hour, wall + hour - second)));
        assert!(!is_back(before, (began + second, wall + hour)));

        let mut clock = Clock::new();
        assert!(clock.was_set_back());
        clock.is_noted();
        assert!(!clock.was_set_back());
        clock.at.1 += hour;
        assert!(clock.was_set_back() && clock.was_set_back());
        clock.is_noted();
        assert!(!clock.was_set_back());
    }
}
