//! A rate, and when the next send may begin.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// How many sends may begin in a time. For [`RateLimit`](crate::RateLimit).
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use ms_messenger_layers::Rate;
///
/// let four = NonZeroU32::new(4).expect("it is not zero");
/// let rate = Rate::per(four, Duration::from_secs(1)).with_burst(four);
/// assert_eq!(rate.interval(), Duration::from_millis(250));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a rate limits nothing by itself"]
pub struct Rate {
    interval: Duration,
    burst: NonZeroU32,
}

impl Rate {
    /// Creates a rate of `sends` in each `time`, evenly spread: 30 in a minute is one every two
    /// seconds.
    pub fn per(sends: NonZeroU32, time: Duration) -> Self {
        Self {
            interval: time / sends.get(),
            burst: NonZeroU32::MIN,
        }
    }

    /// Sets how many sends may begin at once after a pause. Default 1. In any `time` there are at
    /// most as many as the rate and the burst together.
    pub fn with_burst(mut self, sends: NonZeroU32) -> Self {
        self.burst = sends;
        self
    }

    /// Returns the time between two sends.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

/// The generic cell rate algorithm: one time is the whole state.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// When the bucket is full again; `None` if it is.
    full_at: Option<Instant>,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            full_at: None,
        }
    }

    /// Takes the next turn and returns how long to wait for it, unless that is longer than
    /// `longest`.
    ///
    /// # Errors
    ///
    /// How long the wait would be; no turn is taken then.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        longest: Option<Duration>,
    ) -> Result<Duration, Duration> {
        let backlog = self
            .full_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let tolerance = self.rate.interval.saturating_mul(self.rate.burst.get() - 1);
        let wait = backlog.saturating_sub(tolerance);
        if longest.is_some_and(|longest| wait > longest) {
            return Err(wait);
        }
        let after = backlog.saturating_add(self.rate.interval);
        // A time that the clock cannot hold is never reached: the bucket stays as it is.
        self.full_at = now.checked_add(after).or(self.full_at);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        let number = |n| NonZeroU32::new(n).unwrap();
        Rate::per(number(per_second), Duration::from_secs(1)).with_burst(number(burst))
    }

    #[test]
    fn a_burst_is_free_and_the_rest_is_spread() {
        let mut bucket = Bucket::new(rate(10, 3));
        let now = Instant::now();
        let waits: Vec<u128> = (0..6)
            .map(|_| bucket.take(now, None).unwrap().as_millis())
            .collect();
        assert_eq!(waits, [0, 0, 0, 100, 200, 300]);
        let later = now + Duration::from_millis(450);
        assert_eq!(bucket.take(later, None), Ok(Duration::ZERO));
        let much_later = now + Duration::from_secs(60);
        let waits: Vec<bool> = (0..4)
            .map(|_| bucket.take(much_later, None).unwrap().is_zero())
            .collect();
        assert_eq!(waits, [true, true, true, false]);
    }

    #[test]
    fn a_turn_that_comes_too_late_is_not_taken() {
        let mut bucket = Bucket::new(rate(1, 1));
        let now = Instant::now();
        let second = Duration::from_secs(1);
        assert_eq!(bucket.take(now, Some(Duration::ZERO)), Ok(Duration::ZERO));
        for _ in 0..3 {
            assert_eq!(bucket.take(now, Some(second / 2)), Err(second));
        }
        assert_eq!(bucket.take(now, Some(second)), Ok(second));
    }

    #[test]
    fn in_no_second_there_are_more_than_the_rate_and_the_burst() {
        let mut bucket = Bucket::new(rate(5, 4));
        let start = Instant::now();
        let mut began = Vec::new();
        for step in 0..200_u32 {
            let now = start + Duration::from_millis(13) * step;
            if bucket.take(now, Some(Duration::ZERO)).is_ok() {
                began.push(now);
            }
        }
        let second = Duration::from_secs(1);
        let in_second = |from: &Instant| {
            began
                .iter()
                .filter(|at| (*from..*from + second).contains(at))
                .count()
        };
        assert!(began.iter().all(|from| in_second(from) <= 5 + 4));
        assert!(began.len() >= 13 + 4 - 1, "{}", began.len());
    }
}
