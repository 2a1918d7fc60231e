//! The rate at which the event channel is polled, whatever the server responds.
//!
//! A server that holds the poll, as it should, is polled at once. The other cases rest:
//!
//! | Responses | Rest |
//! |---|---|
//! | idle or the same events, three in a row within 50 ms | grows to 20 s, or 1 s while a send waits |
//! | idle or the same events, three in a row within 1 s | at most twice the time that they were held |
//! | new events | none up to 200 packages, then 50 per second; five times as many while a send waits |

use std::time::{Duration, Instant};

/// An idle response that comes sooner was not held as long as the server should hold it.
const HELD: Duration = Duration::from_secs(1);
/// One that comes sooner was not held at all.
const AT_ONCE: Duration = Duration::from_millis(50);
/// The longest rest of the channel: a message that is not fetched within 30 seconds is lost, and a
/// send that waits for its verdict must not wait long.
const LONGEST_IDLE: Duration = Duration::from_secs(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// So many hasty responses in a row may be chance.
const HASTY: u32 = 3;
/// How many packages with events may come at once, and how many per second in the long run, while
/// no send waits; while one does, [`HURRY`] times as many.
const BURST: f64 = 200.0;
const RATE: f64 = 50.0;
const HURRY: f64 = 5.0;
const LONGEST: Duration = Duration::from_secs(1);

/// The recent responses of the channel. A server that responds at once, with nothing, with the
/// same events, or with ever new events, is polled ever more slowly.
#[derive(Debug)]
pub(crate) struct Pace {
    hasty: u32,
    /// The recent packages; it drains with time.
    level: f64,
    at: Instant,
    last: Option<u64>,
}

/// What to do before the channel is polled again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rest {
    None,
    /// The responses bring nothing: rest as after so many failures in a row, but not longer than
    /// this.
    AsAfter(u32, Duration),
    For(Duration),
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            hasty: 0,
            level: 0.0,
            at: now,
            last: None,
        }
    }

    /// Records a response that took `held`. `events` is the hash of its events, if it has any.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        held: Duration,
        events: Option<u64>,
        is_waited_for: bool,
    ) -> Rest {
        let brings_news = events.is_some() && events != self.last;
        self.last = events.or(self.last);
        if held >= HELD {
            self.hasty = 0;
        } else if !brings_news {
            self.hasty = self.hasty.saturating_add(1);
            let at_most = match (held < AT_ONCE, is_waited_for) {
                (false, _) => held * 2,
                (true, true) => LONGEST_WAIT,
                (true, false) => LONGEST_IDLE,
            };
            return match self.hasty.checked_sub(HASTY) {
                None | Some(0) => Rest::None,
                Some(over) => Rest::AsAfter(over, at_most),
            };
        }
        let hurry = if is_waited_for { HURRY } else { 1.0 };
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.level = (self.level - passed * RATE * hurry).max(0.0) + 1.0;
        let over = self.level - BURST * hurry;
        if over <= 0.0 {
            return Rest::None;
        }
        Rest::For(Duration::from_secs_f64(over / (RATE * hurry)).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many responses come in `span`, each `every` after the rest of the last one.
    fn responses(
        span: Duration,
        every: Duration,
        is_waited_for: bool,
        events: impl Fn(u64) -> Option<u64>,
    ) -> u64 {
        let begin = Instant::now();
        let (mut now, mut pace, mut count) = (begin, Pace::new(begin), 0);
        while now < begin + span {
            now += every;
            count += 1;
            let events = events(count);
            now += match pace.record(now, every, events, is_waited_for) {
                Rest::None => Duration::ZERO,
                Rest::AsAfter(failures, at_most) => {
                    at_most.min(Duration::from_secs(1 << (failures - 1).min(6)))
                }
                Rest::For(rest) => rest,
            };
        }
        count
    }

    const MS: Duration = Duration::from_millis(1);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn responses_without_news_are_polled_ever_more_slowly() {
        assert!(responses(MINUTE, MS, false, |_| None) < 12);
        assert!(responses(MINUTE, MS, true, |_| Some(7)) < 70);
        let slow = Duration::from_millis(60);
        assert!(responses(MINUTE, slow, false, |_| None) < 350);
    }

    #[test]
    fn news_without_end_has_a_bounded_rate() {
        let news = Some;
        assert!(responses(MINUTE, MS, false, news) < 3_500);
        assert!(responses(MINUTE, MS, true, news) < 16_500);
    }

    #[test]
    fn a_busy_conversation_is_not_slowed_down() {
        let news = Some;
        let every = Duration::from_millis(25);
        assert_eq!(responses(MINUTE, every, false, news), 2400);
        let held = Duration::from_secs(180);
        assert_eq!(responses(20 * held, held, false, |_| None), 20);
    }
}
