//! The pauses between the attempts of one message.

use std::time::Duration;

use ms_messenger_core::Problems;
use serde::{Deserialize, Serialize};

use crate::time::millis;

/// The pauses between the attempts of one message: each is twice the one before, up to a limit,
/// with a random part. After a longer time the message expires.
///
/// JSON form; members that are missing have their defaults:
/// `{"initial_ms": 2000, "max_ms": 1800000, "give_up_after_ms": 86400000}`.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_outbox::Backoff;
///
/// let backoff = Backoff::default().with_pauses(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.longest_pause(3), Duration::from_secs(4));
/// assert_eq!(backoff.longest_pause(30), Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Backoff {
    /// The longest pause after the first failed attempt. Default 2 s.
    #[serde(rename = "initial_ms", with = "millis")]
    pub initial: Duration,
    /// The longest pause. Default 30 minutes.
    #[serde(rename = "max_ms", with = "millis")]
    pub max: Duration,
    /// The time after which no further attempt begins, counted from when the message could first be
    /// sent. Default 24 hours.
    #[serde(rename = "give_up_after_ms", with = "millis")]
    pub give_up_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(2),
            max: Duration::from_secs(30 * 60),
            give_up_after: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Backoff {
    /// Sets the first and the longest pause.
    #[must_use]
    pub fn with_pauses(mut self, initial: Duration, max: Duration) -> Self {
        self.initial = initial;
        self.max = max;
        self
    }

    /// Sets the time after which no further attempt begins.
    #[must_use]
    pub fn with_give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = time;
        self
    }

    /// Returns the longest pause after `failures` failed attempts.
    #[must_use]
    pub fn longest_pause(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.initial.saturating_mul(1 << doublings).min(self.max)
    }

    /// Returns a pause after `failures` failed attempts: between half of the longest and all of it.
    #[must_use]
    pub fn pause(&self, failures: u32) -> Duration {
        let longest = self.longest_pause(failures);
        longest.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let is_zero = self.initial.is_zero();
        problems.add_if(is_zero, "backoff.initial_ms", "must not be zero");
        let is_less = self.max < self.initial;
        problems.add_if(
            is_less,
            "backoff.max_ms",
            "must not be less than `initial_ms`",
        );
    }
}
