//! When a call is retried: settings, and one pure decision.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::error::Delivery;

/// Retry limits and backoff.
///
/// Only harmless calls are retried: an attempt that is proven not to have been executed, a read, or
/// a send whose key the platform honours. Everything else needs
/// [`resend_when_unknown`](RetryPolicy::resend_when_unknown).
///
/// JSON form, for configuration files; members that are missing have their defaults:
///
/// ```json
/// {"max_attempts": 4, "initial_backoff_ms": 800, "max_backoff_ms": 30000,
///  "max_retry_after_ms": 60000, "max_elapsed_ms": 240000, "resend_when_unknown": false}
/// ```
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_max_attempts(8).with_max_elapsed(Duration::from_secs(120));
/// let read: RetryPolicy = serde_json::from_str(r#"{"max_attempts": 8, "max_elapsed_ms": 120000}"#)?;
/// assert_eq!(read, patient);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The most attempts, including the first. Default 4; 0 counts as 1.
    pub max_attempts: u32,
    /// The longest wait before the second attempt. Default 0.8 s; doubled before each later one.
    #[serde(rename = "initial_backoff_ms", with = "crate::millis")]
    pub initial_backoff: Duration,
    /// The longest wait that backoff reaches. Default 30 s.
    #[serde(rename = "max_backoff_ms", with = "crate::millis")]
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one ends the call and is in the error.
    /// Default 60 s.
    #[serde(rename = "max_retry_after_ms", with = "crate::millis")]
    pub max_retry_after: Duration,
    /// The time after which no further attempt begins, counted from the first. Default 240 s: ACS
    /// honours an idempotency key for five minutes.
    #[serde(rename = "max_elapsed_ms", with = "crate::millis")]
    pub max_elapsed: Duration,
    /// Whether a send is retried if it is unknown whether it was executed. That can send a message
    /// twice. Default `false`: turn it on if a duplicate is better than a lost message.
    pub resend_when_unknown: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(800),
            max_backoff: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(60),
            max_elapsed: Duration::from_secs(240),
            resend_when_unknown: false,
        }
    }
}

/// What is known of a failed attempt.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::{Attempt, Decision, Delivery, RetryPolicy};
///
/// let mut attempt = Attempt::new(1, Duration::ZERO, Delivery::Unknown);
/// attempt.transient = true;
/// // A send that may have been executed is not retried.
/// assert_eq!(RetryPolicy::default().decide_with_jitter(&attempt), Decision::GiveUp);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The number of the attempt, from 1.
    pub number: u32,
    /// The time since the first attempt began.
    pub elapsed: Duration,
    /// Whether the attempt was executed.
    pub delivery: Delivery,
    /// Whether the cause may be temporary.
    pub transient: bool,
    /// Whether a retry is harmless in any case: a read, or a send under a key that the platform
    /// honours.
    pub repeatable: bool,
    /// How long the platform asks to wait.
    pub retry_after: Option<Duration>,
}

impl Attempt {
    /// Creates the failure of attempt `number` after `elapsed`: permanent, not repeatable and
    /// without a time to wait, until the fields say otherwise.
    #[must_use]
    pub const fn new(number: u32, elapsed: Duration, delivery: Delivery) -> Self {
        Self {
            number,
            elapsed,
            delivery,
            transient: false,
            repeatable: false,
            retry_after: None,
        }
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Return the error.
    GiveUp,
    /// Wait for this time, then retry.
    RetryAfter(Duration),
}

impl RetryPolicy {
    /// Creates a policy that never retries.
    #[must_use]
    pub fn never() -> Self {
        Self::default().with_max_attempts(1)
    }

    /// Sets the most attempts, including the first.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the first and the longest wait of the backoff.
    #[must_use]
    pub fn with_backoff(mut self, initial: Duration, longest: Duration) -> Self {
        self.initial_backoff = initial;
        self.max_backoff = longest;
        self
    }

    /// Sets the longest `Retry-After` that is obeyed.
    #[must_use]
    pub fn with_max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// Sets the time after which no further attempt begins.
    #[must_use]
    pub fn with_max_elapsed(mut self, longest: Duration) -> Self {
        self.max_elapsed = longest;
        self
    }

    /// Sets whether a send is retried if it is unknown whether it was executed. That can send a
    /// message twice.
    #[must_use]
    pub fn with_resend_when_unknown(mut self, resend: bool) -> Self {
        self.resend_when_unknown = resend;
        self
    }

    /// Decides from its arguments alone. `jitter` is a random number from 0 to 1 that spreads the
    /// backoff over its whole range; a `retry_after` is obeyed exactly.
    pub fn decide(&self, attempt: &Attempt, jitter: f64) -> Decision {
        let harmless = match attempt.delivery {
            Delivery::NotSent => true,
            Delivery::Unknown => attempt.repeatable || self.resend_when_unknown,
            // Only to get the response, and only if it cannot be executed twice.
            Delivery::Sent => attempt.repeatable,
        };
        if !attempt.transient || !harmless || attempt.number >= self.max_attempts {
            return Decision::GiveUp;
        }
        let wait = match attempt.retry_after {
            Some(asked) if asked > self.max_retry_after => return Decision::GiveUp,
            Some(asked) => asked,
            None => scaled(self.backoff(attempt.number), jitter),
        };
        if attempt.elapsed.saturating_add(wait) > self.max_elapsed {
            return Decision::GiveUp;
        }
        Decision::RetryAfter(wait)
    }

    /// Decides as [`decide`](Self::decide), with a random jitter.
    pub fn decide_with_jitter(&self, attempt: &Attempt) -> Decision {
        self.decide(attempt, random_fraction())
    }

    fn backoff(&self, failed: u32) -> Duration {
        let doublings = failed.saturating_sub(1).min(31);
        self.initial_backoff
            .saturating_mul(1 << doublings)
            .min(self.max_backoff)
    }
}

/// A part of `whole`, which may be as long as a duration can be. What is not a fraction from 0
/// to 1 counts as the nearest one, and what is not a number as 1.
pub(crate) fn scaled(whole: Duration, fraction: f64) -> Duration {
    let seconds = whole.as_secs_f64() * fraction.clamp(0.0, 1.0);
    // Rounded up, the longest duration is a little longer than any.
    Duration::try_from_secs_f64(seconds).map_or(whole, |part| part.min(whole))
}

/// A random number from 0 to 1, good enough to spread waits and nothing else. The standard
/// library seeds every `RandomState` apart, which spares a dependency.
pub(crate) fn random_fraction() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(number: u32, delivery: Delivery) -> Attempt {
        let mut attempt = Attempt::new(number, Duration::ZERO, delivery);
        attempt.transient = true;
        attempt
    }

    #[test]
    fn an_unknown_send_is_not_retried_unless_it_is_harmless_or_allowed() {
        let policy = RetryPolicy::default();
        let mut attempt = failed(1, Delivery::Unknown);
        assert_eq!(policy.decide(&attempt, 1.0), Decision::GiveUp);
        let allowed = policy.clone().with_resend_when_unknown(true);
        assert!(matches!(
            allowed.decide(&attempt, 1.0),
            Decision::RetryAfter(_)
        ));
        attempt.repeatable = true;
        assert!(matches!(
            policy.decide(&attempt, 1.0),
            Decision::RetryAfter(_)
        ));
    }

    #[test]
    fn a_sent_message_is_retried_only_where_it_cannot_be_executed_twice() {
        let policy = RetryPolicy::default().with_resend_when_unknown(true);
        let mut attempt = failed(1, Delivery::Sent);
        assert_eq!(policy.decide(&attempt, 1.0), Decision::GiveUp);
        attempt.repeatable = true;
        assert!(matches!(
            policy.decide(&attempt, 1.0),
            Decision::RetryAfter(_)
        ));
    }

    #[test]
    fn a_permanent_failure_is_not_retried() {
        let attempt = Attempt::new(1, Duration::ZERO, Delivery::NotSent);
        assert_eq!(
            RetryPolicy::default().decide(&attempt, 1.0),
            Decision::GiveUp
        );
    }

    #[test]
    fn the_backoff_doubles_up_to_its_cap_and_is_spread_by_the_jitter() {
        let policy = RetryPolicy::default()
            .with_max_attempts(100)
            .with_backoff(Duration::from_secs(1), Duration::from_secs(5));
        let wait = |number, jitter| policy.decide(&failed(number, Delivery::NotSent), jitter);
        let seconds = |s| Decision::RetryAfter(Duration::from_secs_f64(s));
        assert_eq!(wait(1, 1.0), seconds(1.0));
        assert_eq!(wait(2, 1.0), seconds(2.0));
        assert_eq!(wait(3, 0.5), seconds(2.0));
        assert_eq!(wait(4, 1.0), seconds(5.0));
        assert_eq!(wait(99, 1.0), seconds(5.0));
        assert_eq!(wait(99, 0.0), seconds(0.0));
    }

    #[test]
    fn retry_after_is_obeyed_exactly_or_ends_the_call() {
        let policy = RetryPolicy::default().with_max_retry_after(Duration::from_secs(10));
        let mut attempt = failed(1, Delivery::NotSent);
        attempt.retry_after = Some(Duration::from_millis(2128));
        assert_eq!(
            policy.decide(&attempt, 0.0),
            Decision::RetryAfter(Duration::from_millis(2128))
        );
        attempt.retry_after = Some(Duration::from_secs(11));
        assert_eq!(policy.decide(&attempt, 0.0), Decision::GiveUp);
    }

    #[test]
    fn attempts_and_time_are_bounded() {
        let policy = RetryPolicy::default().with_max_elapsed(Duration::from_secs(2));
        assert_eq!(
            policy.decide(&failed(4, Delivery::NotSent), 1.0),
            Decision::GiveUp
        );
        let mut late = failed(1, Delivery::NotSent);
        late.elapsed = Duration::from_millis(1500);
        assert_eq!(policy.decide(&late, 1.0), Decision::GiveUp);
        assert_eq!(
            RetryPolicy::never().decide(&failed(1, Delivery::NotSent), 1.0),
            Decision::GiveUp
        );
    }

    proptest::proptest! {
        #[test]
        fn no_setting_makes_a_decision_panic(
            durations in proptest::array::uniform5(durations()),
            numbers in (proptest::num::u32::ANY, proptest::num::u32::ANY),
            jitter in proptest::num::f64::ANY,
            asked in proptest::option::of(durations()),
        ) {
            let [initial, longest, max_retry_after, max_elapsed, elapsed] = durations;
            let policy = RetryPolicy::default()
                .with_max_attempts(numbers.0)
                .with_backoff(initial, longest)
                .with_max_retry_after(max_retry_after)
                .with_max_elapsed(max_elapsed);
            let mut attempt = failed(numbers.1, Delivery::NotSent);
            attempt.elapsed = elapsed;
            attempt.retry_after = asked;
            if let Decision::RetryAfter(wait) = policy.decide(&attempt, jitter) {
                proptest::prop_assert!(wait <= longest.max(max_retry_after));
                proptest::prop_assert!(elapsed.saturating_add(wait) <= max_elapsed);
            }
            let _ = policy.decide_with_jitter(&attempt);
        }
    }

    /// Durations of every length, the longest and the shortest among them.
    fn durations() -> impl proptest::strategy::Strategy<Value = Duration> {
        use proptest::prelude::*;
        prop_oneof![
            Just(Duration::MAX),
            Just(Duration::ZERO),
            (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n)),
            (0..100_000_u64).prop_map(Duration::from_millis),
        ]
    }

    #[test]
    fn for_ever_is_a_wait_like_any_other() {
        let policy = RetryPolicy::default()
            .with_backoff(Duration::MAX, Duration::MAX)
            .with_max_elapsed(Duration::MAX);
        let decided = policy.decide(&failed(1, Delivery::NotSent), 1.0);
        assert_eq!(decided, Decision::RetryAfter(Duration::MAX));
    }

    #[test]
    fn the_json_form_reads_back_and_rejects_unknown_members() {
        let policy = RetryPolicy::default()
            .with_max_attempts(2)
            .with_backoff(Duration::from_millis(1), Duration::from_millis(2))
            .with_max_retry_after(Duration::from_millis(3))
            .with_max_elapsed(Duration::from_millis(4))
            .with_resend_when_unknown(true);
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(
            json,
            r#"{"max_attempts":2,"initial_backoff_ms":1,"max_backoff_ms":2,"max_retry_after_ms":3,"max_elapsed_ms":4,"resend_when_unknown":true}"#
        );
        assert_eq!(serde_json::from_str::<RetryPolicy>(&json).unwrap(), policy);
        assert_eq!(
            serde_json::from_str::<RetryPolicy>("{}").unwrap(),
            RetryPolicy::default()
        );
        assert!(serde_json::from_str::<RetryPolicy>(r#"{"attempts":2}"#).is_err());
    }

    #[test]
    fn the_random_jitter_stays_in_its_range_and_varies() {
        let drawn: Vec<f64> = (0..100).map(|_| random_fraction()).collect();
        assert!(drawn.iter().all(|x| (0.0..=1.0).contains(x)), "{drawn:?}");
        assert!(drawn.iter().any(|x| *x < 0.5) && drawn.iter().any(|x| *x > 0.5));
    }
}
