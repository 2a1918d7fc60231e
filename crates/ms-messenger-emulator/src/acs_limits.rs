//! Published rates: so many requests in so much time, counted in sliding windows.

use std::collections::{HashMap, VecDeque};

const SECOND: u64 = 1000;

/// A rate under a key, which names what is counted and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) key: String,
    pub(crate) requests: usize,
    pub(crate) seconds: u64,
}

/// The requests of the last minutes, by key.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    windows: HashMap<String, VecDeque<u64>>,
}

impl Limiter {
    /// Counts a request at `now` (epoch milliseconds) under all of `rates`, if all of them allow
    /// it. Else it counts under none, and the error is the whole seconds until they may.
    pub(crate) fn admit(&mut self, rates: &[Rate], now: u64) -> Result<(), u64> {
        let waits = rates.iter().map(|rate| self.wait(rate, now));
        let longest = waits.max().unwrap_or_default();
        if longest > 0 {
            return Err(longest.div_ceil(SECOND));
        }
        for rate in rates {
            let window = self.windows.entry(rate.name()).or_default();
            window.push_back(now);
        }
        Ok(())
    }

    /// Milliseconds until the rate allows one more.
    fn wait(&mut self, rate: &Rate, now: u64) -> u64 {
        let Some(window) = self.windows.get_mut(&rate.name()) else {
            return 0;
        };
        let length = rate.seconds * SECOND;
        while window.front().is_some_and(|at| at + length <= now) {
            window.pop_front();
        }
        match window.front() {
            Some(first) if window.len() >= rate.requests => first + length - now,
            _ => 0,
        }
    }
}

impl Rate {
    fn name(&self) -> String {
        format!("{}/{}", self.key, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(requests: usize, seconds: u64) -> Rate {
        Rate {
            key: "k".to_owned(),
            requests,
            seconds,
        }
    }

    #[test]
    fn a_window_slides_and_the_longest_wait_counts() {
        let mut limiter = Limiter::default();
        let rates = [rate(2, 10), rate(3, 60)];
        assert_eq!(limiter.admit(&rates, 0), Ok(()));
        assert_eq!(limiter.admit(&rates, 4_000), Ok(()));
        assert_eq!(limiter.admit(&rates, 5_500), Err(5));
        assert_eq!(limiter.admit(&rates, 10_000), Ok(()));
        assert_eq!(limiter.admit(&rates, 20_000), Err(40));
        assert_eq!(limiter.admit(&rates, 60_000), Ok(()));
    }

    #[test]
    fn keys_do_not_share() {
        let mut limiter = Limiter::default();
        let other = Rate {
            key: "other".to_owned(),
            ..rate(1, 10)
        };
        assert_eq!(limiter.admit(&[rate(1, 10)], 0), Ok(()));
        assert_eq!(limiter.admit(&[other], 0), Ok(()));
        assert_eq!(limiter.admit(&[rate(1, 10)], 0), Err(10));
    }
}
