//! How fast messages may be sent.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::time::{after, millis, was_ahead};

/// A rate: one message per interval, and up to `burst` messages at once after a pause.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_outbox::Rate;
///
/// let rate = Rate::per_second(20);
/// assert_eq!((rate.interval, rate.burst), (Duration::from_millis(50), 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rate {
    /// The time between two messages, on average.
    #[serde(rename = "interval_ms", with = "millis")]
    pub interval: Duration,
    /// The most messages at once. 0 counts as 1.
    pub burst: u32,
}

impl Rate {
    /// Creates a rate of one message per `interval`, with a burst.
    #[must_use]
    pub const fn new(interval: Duration, burst: u32) -> Self {
        Self { interval, burst }
    }

    /// Returns how many messages it allows a minute, and at once; `None` without an interval, which is no
    /// limit.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn a_minute(self) -> Option<(f64, u32)> {
        let a_minute = 60.0 / self.interval.as_secs_f64();
        (!self.interval.is_zero()).then_some((a_minute, self.burst.max(1)))
    }

    /// Creates a rate of `messages` per second, with a burst of the same number.
    #[must_use]
    pub fn per_second(messages: u32) -> Self {
        let messages = messages.max(1);
        Self::new(Duration::from_secs(1) / messages, messages)
    }

    /// How far a slot may lie before the average says that it is due.
    fn slack(self) -> Duration {
        self.interval.saturating_mul(self.burst.max(1) - 1)
    }
}

/// The rates of one route, which all its workers keep together.
///
/// ```
/// use ms_messenger_outbox::{Budget, Rate};
///
/// let budget = Budget::published("msgraph-chat").with_route(Some(Rate::per_second(5)));
/// assert!(budget.target.is_some());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Budget {
    /// The rate of the whole route; `None` is unlimited.
    pub route: Option<Rate>,
    /// The rate of each target: a thread, a chat, a channel, a recipient.
    pub target: Option<Rate>,
}

impl Budget {
    /// Returns the limits that the service of a platform publishes, or a little less where two
    /// limits meet; unlimited for a platform that publishes none.
    ///
    /// | Platform | route | target | source |
    /// |---|---|---|---|
    /// | `acs-chat` | | 25 a minute, 5 at once | Azure: service limits, 10 per 10 s and 30 per minute per thread |
    /// | `acs-messages` | 80 a second | one per 6 s, 40 at once | Meta: 80 a second per number, one per 6 s and recipient, burst 45 |
    /// | `msgraph-chat` | 20 a second | 1 a second | Microsoft Graph: throttling limits of Teams |
    #[must_use]
    pub fn published(platform: &str) -> Self {
        let seconds = Duration::from_secs;
        match platform {
            "acs-chat" => Self {
                route: None,
                target: Some(Rate::new(Duration::from_millis(2_400), 5)),
            },
            "acs-messages" => Self {
                route: Some(Rate::per_second(80)),
                target: Some(Rate::new(seconds(6), 40)),
            },
            "msgraph-chat" => Self {
                route: Some(Rate::per_second(20)),
                target: Some(Rate::new(seconds(1), 1)),
            },
            _ => Self::default(),
        }
    }

    /// Sets the rate of the whole route.
    #[must_use]
    pub fn with_route(mut self, rate: Option<Rate>) -> Self {
        self.route = rate;
        self
    }

    /// Sets the rate of each target.
    #[must_use]
    pub fn with_target(mut self, rate: Option<Rate>) -> Self {
        self.target = rate;
        self
    }
}

/// The slots of a rate that are taken, as a store keeps them.
///
/// Slots that were taken on a clock that was ahead are forgotten: else a clock that was set back
/// would stop a target until the earlier time has come again.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_outbox::{Rate, Slots};
///
/// let (minute, now) = (Duration::from_secs(60), SystemTime::now());
/// let rate = Rate::new(minute, 1);
/// let mut slots = Slots::new(SystemTime::UNIX_EPOCH);
/// assert_eq!(slots.reserve(rate, now), now);
/// assert_eq!(slots.reserve(rate, now), now + minute);
/// // The clock is set back by an hour.
/// let earlier = now - 60 * minute;
/// assert_eq!(slots.reserve(rate, earlier), earlier);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slots {
    /// The time from which on the average allows the next message.
    pub next: SystemTime,
    /// When the last slot was taken.
    pub taken_at: SystemTime,
}

impl Slots {
    /// Creates the slots of a rate that was never used, or those that a store kept.
    #[must_use]
    pub const fn new(next: SystemTime) -> Self {
        let taken_at = SystemTime::UNIX_EPOCH;
        Self { next, taken_at }
    }

    /// Sets when the last slot was taken.
    #[must_use]
    pub const fn with_taken_at(mut self, time: SystemTime) -> Self {
        self.taken_at = time;
        self
    }

    /// Takes up to `wanted` slots that are due at `now`. Returns how many.
    pub fn take(&mut self, rate: Rate, now: SystemTime, wanted: u32) -> u32 {
        self.forget_those_ahead(now);
        // A slot that lies further ahead was taken before the clock was set back a little.
        let furthest = after(now, rate.slack().saturating_add(rate.interval));
        self.next = self.next.min(furthest);
        let mut taken = 0;
        while taken < wanted && self.free_at(rate, now) <= now {
            self.advance(rate, now);
            taken += 1;
        }
        taken
    }

    /// Takes the next slot, whenever it is due. Returns when: `now` at the earliest.
    pub fn reserve(&mut self, rate: Rate, now: SystemTime) -> SystemTime {
        self.forget_those_ahead(now);
        let at = self.free_at(rate, now).max(now);
        self.advance(rate, now);
        at
    }

    /// Returns when the next slot is due.
    #[must_use]
    pub fn free_at(&self, rate: Rate, now: SystemTime) -> SystemTime {
        let next = self.next.max(now);
        next.checked_sub(rate.slack()).unwrap_or(now)
    }

    fn forget_those_ahead(&mut self, now: SystemTime) {
        if was_ahead(self.taken_at, now) {
            self.next = self.next.min(now);
        }
    }

    fn advance(&mut self, rate: Rate, now: SystemTime) {
        self.next = after(self.next.max(now), rate.interval);
        self.taken_at = now;
    }
}
