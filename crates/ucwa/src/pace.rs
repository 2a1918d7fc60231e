//! How often the event channel may be asked, whatever the server answers.

use std::time::{Duration, Instant};

/// An idle answer that came sooner was not held for long, as the server should hold it.
const HELD: Duration = Duration::from_secs(1);
/// One that came sooner was not held at all.
const AT_ONCE: Duration = Duration::from_millis(50);
/// How long the channel may rest: a message that is not fetched within 30 seconds is lost, and
/// who waits for a verdict shall not wait long.
const LONGEST_IDLE: Duration = Duration::from_secs(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// So many hasty answers in a row may be chance.
const HASTY: u32 = 3;
/// How many packages with events may come at once, and how many a second for long, while
/// nobody waits; while somebody does, [`HURRY`] times as many.
const BURST: f64 = 200.0;
const RATE: f64 = 50.0;
const HURRY: f64 = 5.0;
const LONGEST: Duration = Duration::from_secs(1);

/// What the channel has been asked so far. A server that answers everything at once, with
/// nothing, with the same again, or with ever new events, is asked ever more slowly.
#[derive(Debug)]
pub(crate) struct Pace {
    hasty: u32,
    /// The packages that came lately; it runs out with time.
    level: f64,
    at: Instant,
    last: Option<u64>,
}

/// What to do before the channel is asked again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rest {
    None,
    /// The answers bring nothing: as after so many failures in a row, but not longer than this.
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

    /// Notes a response that took `held`. `events` tells its events apart; none when it has none.
    pub(crate) fn answered(
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

    /// How many answers come in `span`, each `every` after the last one's rest.
    fn answers(
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
            now += match pace.answered(now, every, events, is_waited_for) {
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
        assert!(answers(MINUTE, MS, false, |_| None) < 12);
        assert!(answers(MINUTE, MS, true, |_| Some(7)) < 70);
        let slow = Duration::from_millis(60);
        assert!(answers(MINUTE, slow, false, |_| None) < 350);
    }

    #[test]
    fn news_without_end_has_a_bounded_rate() {
        let news = Some;
        assert!(answers(MINUTE, MS, false, news) < 3_500);
        assert!(answers(MINUTE, MS, true, news) < 16_500);
    }

    #[test]
    fn a_busy_conversation_is_not_slowed_down() {
        let news = Some;
        let every = Duration::from_millis(25);
        assert_eq!(answers(MINUTE, every, false, news), 2400);
        let held = Duration::from_secs(180);
        assert_eq!(answers(20 * held, held, false, |_| None), 20);
    }
}
