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
    /// seconds. The time between two sends is rounded up to whole nanoseconds; a `time` of zero
    /// limits nothing.
    pub fn per(sends: NonZeroU32, time: Duration) -> Self {
        let nanos = time.as_nanos().div_ceil(u128::from(sends.get()));
        Self {
            interval: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
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

    /// Returns how long after `now` the next turn is, if so many others take theirs before.
    pub(crate) fn wait(&self, now: Instant, ahead: u32) -> Duration {
        let backlog = self
            .full_at
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let others = self.rate.interval.saturating_mul(ahead);
        let tolerance = self.rate.interval.saturating_mul(self.rate.burst.get() - 1);
        backlog.saturating_add(others).saturating_sub(tolerance)
    }

    /// Takes a turn that was due at `at`: a timer that fires late does not slow the rate down.
    pub(crate) fn take(&mut self, at: Instant) {
        let full_at = self.full_at.map_or(at, |full_at| full_at.max(at));
        // A time that the clock cannot hold is never reached: the bucket stays as it is.
        self.full_at = full_at.checked_add(self.rate.interval).or(self.full_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        let number = |n| NonZeroU32::new(n).unwrap();
        Rate::per(number(per_second), Duration::from_secs(1)).with_burst(number(burst))
    }

    /// Takes the next turns as they are due, from `now` on, and returns their waits in milliseconds.
    fn turns(bucket: &mut Bucket, now: Instant, count: usize) -> Vec<u128> {
        let turn = |_| {
            let wait = bucket.wait(now, 0);
            bucket.take(now + wait);
            wait.as_millis()
        };
        (0..count).map(turn).collect()
    }

    #[test]
    fn a_burst_is_free_and_the_rest_is_spread() {
        let mut bucket = Bucket::new(rate(10, 3));
        let now = Instant::now();
        assert_eq!(turns(&mut bucket, now, 6), [0, 0, 0, 100, 200, 300]);
        let later = now + Duration::from_millis(450);
        assert_eq!(turns(&mut bucket, later, 1), [0]);
        let much_later = now + Duration::from_secs(60);
        assert_eq!(turns(&mut bucket, much_later, 4), [0, 0, 0, 100]);
    }

    #[test]
    fn an_interval_is_rounded_up_and_no_rate_is_unlimited_by_rounding() {
        let per = |sends: u32, time| Rate::per(NonZeroU32::new(sends).unwrap(), time).interval();
        let second = Duration::from_secs(1);
        assert_eq!(per(3, second), Duration::from_nanos(333_333_334));
        assert_eq!(per(u32::MAX, second), Duration::from_nanos(1));
        assert_eq!(per(1, Duration::MAX), Duration::from_nanos(u64::MAX));
        assert_eq!(per(7, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn those_ahead_take_their_turns_first_and_none_is_taken_by_asking() {
        let mut bucket = Bucket::new(rate(10, 2));
        let now = Instant::now();
        let waits: Vec<u128> = (0..4).map(|it| bucket.wait(now, it).as_millis()).collect();
        assert_eq!(waits, [0, 0, 100, 200]);
        assert_eq!(turns(&mut bucket, now, 3), [0, 0, 100]);
        let endless = Rate::per(NonZeroU32::MIN, Duration::MAX);
        let mut bucket = Bucket::new(endless);
        bucket.take(now);
        bucket.take(now);
        assert!(bucket.wait(now, u32::MAX) > Duration::from_secs(1));
    }

    #[test]
    fn in_no_second_there_are_more_than_the_rate_and_the_burst() {
        let mut bucket = Bucket::new(rate(5, 4));
        let start = Instant::now();
        let mut began = Vec::new();
        for step in 0..200_u32 {
            let now = start + Duration::from_millis(13) * step;
            if bucket.wait(now, 0).is_zero() {
                bucket.take(now);
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
