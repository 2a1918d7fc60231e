//! Moments by both clocks of this machine: the one that only goes on, and the one that can be set.

use std::time::{Duration, Instant, SystemTime};

/// The most that the clock of the time gains or loses without having been set.
pub(crate) const UNSET: Duration = Duration::from_millis(500);

/// A moment by the clock that only goes on, and by that of the time, which can be set.
pub type Moment = (Instant, SystemTime);

/// Returns by how many milliseconds the clock of this machine was set between two moments: forward, if
/// it is positive. Zero if it was not set: it gains and loses up to 500 ms by itself.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use ms_messenger_http::clock_set_by;
///
/// let (before, second) = ((Instant::now(), SystemTime::now()), Duration::from_secs(1));
/// let later = |wall| (before.0 + second, wall);
/// assert_eq!(clock_set_by(before, later(before.1 + second)), 0);
/// assert_eq!(clock_set_by(before, later(before.1 + 61 * second)), 60_000);
/// assert_eq!(clock_set_by(before, later(before.1 - 59 * second)), -60_000);
/// ```
#[must_use]
pub fn clock_set_by(before: Moment, now: Moment) -> i64 {
    let passed = now.0.saturating_duration_since(before.0);
    let Some(expected) = before.1.checked_add(passed) else {
        return i64::MAX;
    };
    let set_by = apart(now.1, expected);
    match (set_by > UNSET, now.1 >= expected) {
        (false, _) => 0,
        (true, true) => ms(set_by),
        (true, false) => -ms(set_by),
    }
}

/// Whether the clock of this machine was set between two moments.
pub(crate) fn was_set(before: Moment, now: Moment) -> bool {
    clock_set_by(before, now) != 0
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The distance of two times.
pub(crate) fn apart(one: SystemTime, other: SystemTime) -> Duration {
    match one.duration_since(other) {
        Ok(ahead) => ahead,
        Err(behind) => behind.duration(),
    }
}
