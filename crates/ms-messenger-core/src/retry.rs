//! When a call is tried again: data, and one pure decision.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use crate::error::Delivery;

/// How often and how patiently a call is tried again.
///
/// Only what cannot do harm is repeated: a try that is proven not to have been executed, a
/// read, or a send whose key the platform honours. Everything else needs
/// [`resend_when_unknown`](RetryPolicy::resend_when_unknown).
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().with_max_attempts(8).with_max_elapsed(Duration::from_secs(120));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The most tries, the first included. Default 4; 0 counts as 1.
    pub max_attempts: u32,
    /// The longest wait before the second try. Default 0.8 s; doubled before each later one.
    pub initial_backoff: Duration,
    /// The longest wait that back-off reaches. Default 30 s.
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one ends the call and stands in the
    /// error. Default 60 s.
    pub max_retry_after: Duration,
    /// The time after which no further try begins, counted from the first. Default 240 s:
    /// ACS honours an idempotency key for five minutes.
    pub max_elapsed: Duration,
    /// Also repeats a send of which it is unknown whether it was executed. This can send a
    /// message twice. Default `false`.
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

/// What is known when a try has failed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The number of the try that failed, from 1.
    pub number: u32,
    /// The time since the first try began.
    pub elapsed: Duration,
    /// Whether the try was executed.
    pub delivery: Delivery,
    /// Whether the cause may pass by itself.
    pub transient: bool,
    /// Whether a repetition is harmless by itself: a read, or a send under a key that the
    /// platform honours.
    pub repeatable: bool,
    /// How long the platform asks to wait.
    pub retry_after: Option<Duration>,
}

impl Attempt {
    /// The failure of try `number` after `elapsed`, of which `delivery` is known; permanent,
    /// not repeatable and without a time to wait until said otherwise.
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

/// What to do after a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Report the failure.
    GiveUp,
    /// Wait so long, then try again.
    RetryAfter(Duration),
}

impl RetryPolicy {
    /// Never tries again.
    #[must_use]
    pub fn never() -> Self {
        Self::default().with_max_attempts(1)
    }

    /// Sets the most tries, the first included.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the first and the longest wait of the back-off.
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

    /// Sets the time after which no further try begins.
    #[must_use]
    pub fn with_max_elapsed(mut self, longest: Duration) -> Self {
        self.max_elapsed = longest;
        self
    }

    /// Also repeats a send of which it is unknown whether it was executed.
    /// This can send a message twice.
    #[must_use]
    pub fn with_resend_when_unknown(mut self, resend: bool) -> Self {
        self.resend_when_unknown = resend;
        self
    }

    /// Decides, from nothing but its arguments. `jitter` is a random number from 0 to 1 that
    /// spreads the back-off over its whole range; a `retry_after` is obeyed to the letter.
    #[must_use]
    pub fn decide(&self, attempt: &Attempt, jitter: f64) -> Decision {
        let harmless = match attempt.delivery {
            Delivery::NotSent => true,
            Delivery::Unknown => attempt.repeatable || self.resend_when_unknown,
            // Only for the sake of the response, and only where it cannot act twice.
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

    /// [`decide`](Self::decide) with a jitter of its own.
    #[must_use]
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
    fn an_unknown_send_is_not_repeated_unless_it_is_harmless_or_allowed() {
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
    fn a_sent_message_is_repeated_only_where_that_cannot_act_twice() {
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
    fn a_permanent_failure_is_not_repeated() {
        let attempt = Attempt::new(1, Duration::ZERO, Delivery::NotSent);
        assert_eq!(
            RetryPolicy::default().decide(&attempt, 1.0),
            Decision::GiveUp
        );
    }

    #[test]
    fn the_back_off_doubles_up_to_its_cap_and_is_spread_by_the_jitter() {
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
    fn retry_after_is_obeyed_to_the_letter_or_ends_the_call() {
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
    fn tries_and_time_are_bounded() {
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
    fn the_random_jitter_stays_in_its_range_and_varies() {
        let drawn: Vec<f64> = (0..100).map(|_| random_fraction()).collect();
        assert!(drawn.iter().all(|x| (0.0..=1.0).contains(x)), "{drawn:?}");
        assert!(drawn.iter().any(|x| *x < 0.5) && drawn.iter().any(|x| *x > 0.5));
    }
}
