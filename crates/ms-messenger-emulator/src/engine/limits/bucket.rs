//! Published rates as token buckets.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use crate::engine::limits::used::UsedRate;

/// A rate limit: its name, what it applies to, and how many requests it allows.
///
/// ```
/// use ms_messenger_emulator::service::Rate;
///
/// // Ten texts of a user at once, and ten again in each minute.
/// let rate = Rate::new("pager/texts of a user", "alice", 10, 60);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub(crate) class: &'static str,
    pub(crate) key: String,
    pub(crate) requests: u64,
    pub(crate) seconds: u64,
}

impl Rate {
    /// Allows `requests` at once, and as many again every `seconds` seconds.
    ///
    /// `class` is its name in the statistics (`pager/posts of a user`); requests with the same
    /// class and `key` (an app, a user, a thread …) share the limit.
    pub fn new(class: &'static str, key: impl Into<String>, requests: u64, seconds: u64) -> Self {
        Self {
            class,
            key: key.into(),
            requests,
            seconds,
        }
    }
}

/// A request is so many units; a bucket gains one unit per permitted request and millisecond.
const fn cost(rate: &Rate) -> u64 {
    rate.seconds * 1000
}

/// What a bucket holds.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    units: u64,
    /// Epoch milliseconds.
    filled_at: u64,
}

impl Bucket {
    fn fill(&mut self, rate: &Rate, now: u64) {
        let passed = now.saturating_sub(self.filled_at);
        let gained = passed.saturating_mul(rate.requests);
        let full = rate.requests * cost(rate);
        self.units = self.units.saturating_add(gained).min(full);
        self.filled_at = now;
    }
}

/// Class, key, and the seconds of the rate: one class may have several.
type Key = (Cow<'static, str>, String, u64);

/// The buckets in use, and how many requests each class has held up.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: HashMap<Key, Bucket>,
    throttled: BTreeMap<&'static str, u64>,
}

impl Limiter {
    /// Counts a request at `now` (epoch milliseconds) under all of `rates`, if all of them allow
    /// it. Else it counts under none, and the error is the milliseconds until they may.
    pub(crate) fn admit(&mut self, rates: &[Rate], now: u64) -> Result<(), u64> {
        let mut longest = None;
        for rate in rates {
            let wait = self.wait(rate, now);
            if wait > 0 && longest.is_none_or(|(most, _)| wait > most) {
                longest = Some((wait, rate.class));
            }
        }
        if let Some((wait, class)) = longest {
            *self.throttled.entry(class).or_default() += 1;
            return Err(wait);
        }
        for rate in rates {
            if let Some(bucket) = self.buckets.get_mut(&key(rate)) {
                bucket.units -= cost(rate);
            }
        }
        Ok(())
    }

    /// Milliseconds until the rate allows one more.
    fn wait(&mut self, rate: &Rate, now: u64) -> u64 {
        let bucket = self.buckets.entry(key(rate)).or_insert(Bucket {
            units: rate.requests * cost(rate),
            filled_at: now,
        });
        bucket.fill(rate, now);
        let missing = cost(rate).saturating_sub(bucket.units);
        missing.div_ceil(rate.requests.max(1))
    }

    /// How much of these rates is used up.
    pub(crate) fn used(&self, rates: &[Rate]) -> Vec<UsedRate> {
        let used = rates.iter().filter_map(|rate| {
            let bucket = self.buckets.get(&key(rate))?;
            Some(UsedRate {
                class: rate.class.to_owned(),
                key: rate.key.clone(),
                seconds: rate.seconds,
                units: bucket.units,
                filled_at: bucket.filled_at,
            })
        });
        used.collect()
    }

    /// Continues with what was used up before.
    pub(crate) fn restore(&mut self, used: Vec<UsedRate>) {
        for one in used {
            let key = (Cow::Owned(one.class), one.key, one.seconds);
            let bucket = Bucket {
                units: one.units,
                filled_at: one.filled_at,
            };
            self.buckets.insert(key, bucket);
        }
    }

    /// How many requests each class has held up.
    pub(crate) const fn throttled(&self) -> &BTreeMap<&'static str, u64> {
        &self.throttled
    }
}

fn key(rate: &Rate) -> Key {
    (Cow::Borrowed(rate.class), rate.key.clone(), rate.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(requests: u64, seconds: u64) -> Rate {
        Rate {
            class: "test",
            key: "k".to_owned(),
            requests,
            seconds,
        }
    }

    #[test]
    fn a_bucket_fills_again_and_the_longest_wait_counts() {
        let mut limiter = Limiter::default();
        let rates = [rate(2, 10), rate(3, 60)];
        assert_eq!(limiter.admit(&rates, 0), Ok(()));
        assert_eq!(limiter.admit(&rates, 0), Ok(()));
        assert_eq!(limiter.admit(&rates, 1_000), Err(4_000));
        assert_eq!(limiter.admit(&rates, 5_000), Ok(()));
        assert_eq!(limiter.admit(&rates, 10_000), Err(10_000), "the minute");
        assert_eq!(limiter.admit(&rates, 20_000), Ok(()));
        assert_eq!(limiter.throttled(), &BTreeMap::from([("test", 2)]));
    }

    #[test]
    fn a_throttled_request_is_not_counted_and_a_bucket_holds_no_more_than_its_rate() {
        let mut limiter = Limiter::default();
        let narrow = rate(1, 1);
        for _ in 0..50 {
            let _ = limiter.admit(&[narrow.clone(), rate(3, 60)], 0);
        }
        let wide = [rate(3, 60)];
        assert_eq!(limiter.admit(&wide, 0), Ok(()));
        assert_eq!(limiter.admit(&wide, 0), Ok(()));
        assert_eq!(limiter.admit(&wide, 0), Err(20_000));
        assert_eq!(
            limiter.admit(std::slice::from_ref(&narrow), 1_000_000),
            Ok(())
        );
        assert_eq!(limiter.admit(&[narrow], 1_000_000), Err(1_000));
    }

    #[test]
    fn what_was_used_up_is_used_up_again_and_fills_meanwhile() {
        let (mut before, mut after) = (Limiter::default(), Limiter::default());
        let rates = [rate(2, 10)];
        assert_eq!(before.admit(&rates, 0), Ok(()));
        assert_eq!(before.admit(&rates, 0), Ok(()));
        after.restore(before.used(&rates));
        assert_eq!(after.admit(&rates, 1_000), Err(4_000));
        assert_eq!(after.admit(&rates, 5_000), Ok(()));
        let mut future = before.used(&rates);
        future[0].filled_at = u64::MAX;
        future[0].units = u64::MAX;
        after.restore(future);
        assert_eq!(after.admit(&rates, 5_000), Ok(()), "a clock that went back");
        assert_eq!(after.admit(&rates, 5_000), Ok(()));
        assert_eq!(after.admit(&rates, 5_000), Err(5_000));
    }

    #[test]
    fn different_keys_do_not_share_a_bucket() {
        let mut limiter = Limiter::default();
        let other = Rate {
            key: "other".to_owned(),
            ..rate(1, 10)
        };
        assert_eq!(limiter.admit(&[rate(1, 10)], 0), Ok(()));
        assert_eq!(limiter.admit(&[other], 0), Ok(()));
        assert_eq!(limiter.admit(&[rate(1, 10)], 0), Err(10_000));
    }
}
