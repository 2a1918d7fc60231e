//! Notices that the clock was set back.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::time::SKEW;

/// How often times are compared with the clock although nothing was noticed: another machine, or a
/// transaction that ends later, can store times of a clock that was ahead.
const EVERY: Duration = SKEW;

/// The two clocks of a worker at one moment: the wall clock, which can be set, and the one that only
/// goes on.
#[derive(Debug)]
pub(super) struct Clock {
    at: (Instant, SystemTime),
    /// When what is stored was last brought to the clock; `None` if it was set back since.
    recalled_at: Option<Instant>,
}

impl Clock {
    /// Creates a clock of which it is unknown whether it was set back before.
    pub(super) fn new() -> Self {
        Self {
            at: (Instant::now(), SystemTime::now()),
            recalled_at: None,
        }
    }

    /// Returns whether the times of messages are to be brought to the clock: it was set back since
    /// [`is_noted`](Self::is_noted), or some time has passed.
    pub(super) fn recalls(&mut self) -> bool {
        self.recalls_at((Instant::now(), SystemTime::now()))
    }

    fn recalls_at(&mut self, now: (Instant, SystemTime)) -> bool {
        if is_back(self.at, now) {
            self.recalled_at = None;
        }
        self.at = now;
        let since = self
            .recalled_at
            .map(|it| now.0.saturating_duration_since(it));
        since.is_none_or(|it| it >= EVERY)
    }

    /// Notes that this was done, and nothing is left.
    pub(super) fn is_noted(&mut self) {
        self.recalled_at = Some(self.at.0);
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
        assert!(clock.recalls());
        clock.is_noted();
        assert!(!clock.recalls());
        clock.at.1 += hour;
        assert!(clock.recalls() && clock.recalls());
        clock.is_noted();
        assert!(!clock.recalls());
    }

    #[test]
    fn times_of_other_clocks_are_looked_for_every_minute() {
        let mut clock = Clock::new();
        clock.is_noted();
        let (began, wall) = clock.at;
        let after = |seconds| {
            let passed = Duration::from_secs(seconds);
            (began + passed, wall + passed)
        };
        assert!(!clock.recalls_at(after(59)));
        assert!(clock.recalls_at(after(60)) && clock.recalls_at(after(61)));
        clock.is_noted();
        assert!(!clock.recalls_at(after(120)) && clock.recalls_at(after(121)));
    }
}
