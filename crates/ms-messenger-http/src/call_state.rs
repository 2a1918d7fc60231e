//! The state of one call over its attempts, and what follows each of them.

use std::time::{Duration, Instant, SystemTime};

use ms_messenger_core::{
    Attempt, ClockOffset, Decision, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Mark,
    Reached, Result, RetryPolicy,
};

use crate::{
    Call, RejectedToken, RetryClass, ServiceProfile, call_context::CallContext, classify,
    moment::UNSET,
};

/// How long the platforms remember a key at least: attempts under one key begin within it.
const KEY_WINDOW: Duration = Duration::from_secs(290);

/// A call makes the first use of its key when it begins so soon after it.
const FIRST_USE: Duration = Duration::from_secs(1);

/// How long after an attempt without a response the service may still execute it, unless the
/// client sets another margin. No service documents one; front ends give up on what is behind
/// them within this time.
pub(crate) const SETTLING_MARGIN: Duration = Duration::from_secs(30);

/// A longer margin counts as this one, which can still be added to a time.
const LONGEST_MARGIN: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The token, if the service rejected it and another one can be had.
    pub(crate) rejected: Option<RejectedToken>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            rejected: None,
        }
    }
}

/// What follows a failed attempt.
#[derive(Debug)]
pub(crate) enum Next {
    /// Another attempt at once, with another token.
    Renew,
    /// Another attempt after this time.
    RetryAfter(Duration),
    /// The call ends with this error.
    GiveUp(Error),
}

/// The state of one call over its attempts.
pub(crate) struct CallState {
    pub(crate) context: CallContext,
    service: &'static ServiceProfile,
    started: Instant,
    /// What the attempts so far leave known.
    delivery: Delivery,
    /// The failure of the last attempt.
    last: Option<Error>,
    rejected: Option<RejectedToken>,
    /// Whether `last` rejected a token that has not been replaced yet.
    is_renewing: bool,
    mark: Option<Mark>,
}

impl CallState {
    pub(crate) fn new(call: &mut Call, service: &'static ServiceProfile) -> Self {
        let (now, began_at) = (Instant::now(), SystemTime::now());
        Self {
            context: CallContext {
                operation: call.operation,
                doubt: call.doubt,
                class: call.class,
                idempotency: call.idempotency,
                client_request_id: call.client_request_id,
                began_at,
                began: now,
                attempts: 0,
            },
            service,
            started: now,
            delivery: known_before(call, began_at),
            last: None,
            rejected: None,
            is_renewing: false,
            mark: call.mark.take(),
        }
    }

    /// Counts an attempt that was made as part of another call.
    pub(crate) fn has_failed(&mut self) {
        self.context.attempts += 1;
    }

    /// The token that the attempt before was rejected with.
    pub(crate) fn rejected(&self) -> Option<&RejectedToken> {
        self.rejected.as_ref()
    }

    /// The last failure, if attempts have failed.
    pub(crate) fn last(&self) -> Option<&Error> {
        self.last.as_ref()
    }

    /// For how long the call may still wait before its next attempt.
    pub(crate) fn time_left(&self, policy: &RetryPolicy) -> Duration {
        let left = policy.max_elapsed.saturating_sub(self.started.elapsed());
        left.min(self.key_life_left())
    }

    /// For how long the platform will still know the key of the call; without one, for ever.
    fn key_life_left(&self) -> Duration {
        self.context
            .idempotency
            .map_or(Duration::MAX, |IdempotencyKey { first_sent, .. }| {
                let age = SystemTime::now().duration_since(first_sent);
                KEY_WINDOW.saturating_sub(age.unwrap_or_default())
            })
    }

    /// Counts an attempt, which begins now that its credential is there. A retry fails when it may
    /// not begin any more: a credential and a turn can take their time.
    pub(crate) fn begin_attempt(&mut self, policy: &RetryPolicy) -> Result<()> {
        if let Some(last) = self.last.take() {
            let may_begin = self.started.elapsed() <= policy.max_elapsed
                && self.key_life_left() > Duration::ZERO;
            if !may_begin {
                return Err(last);
            }
        }
        self.is_renewing = false;
        self.context.attempts += 1;
        Ok(())
    }

    /// The first attempt begins later than the call did, because the call waited before it.
    pub(crate) fn has_waited(&mut self) {
        if self.context.attempts == 0 {
            self.context.began_at = SystemTime::now();
            self.context.began = Instant::now();
        }
    }

    /// Notes that an attempt was given up while it ran.
    pub(crate) fn interrupted(&mut self) {
        self.delivery = classify::combine(self.delivery, Delivery::Unknown);
    }

    /// Decides what follows a failed attempt, whose error becomes the last one.
    pub(crate) fn after(&mut self, failure: Failure, call: &Call, policy: &RetryPolicy) -> Next {
        let Failure { error, rejected } = failure;
        self.delivery = classify::combine(self.delivery, error.delivery());
        // A rejected token means that the request was not executed, so that another attempt is
        // always safe. It is made once.
        let is_first = self.rejected.is_none();
        let next = if let Some(rejected) = rejected.filter(|_| is_first) {
            self.rejected = Some(rejected);
            self.is_renewing = true;
            Next::Renew
        } else if let Some(wait) = self.wait_after(&error, call, policy) {
            Next::RetryAfter(wait)
        } else {
            return Next::GiveUp(error);
        };
        self.last = Some(error);
        next
    }

    /// How long to wait before the next attempt, if there may be one.
    fn wait_after(&self, error: &Error, call: &Call, policy: &RetryPolicy) -> Option<Duration> {
        let (number, elapsed) = (self.context.attempts, self.started.elapsed());
        let mut attempt = Attempt::new(number, elapsed, error.delivery());
        // 409 under a key means that the same request is still being executed.
        let running = error.kind() == ErrorKind::Conflict && error.status() == Some(409);
        attempt.transient = error.is_transient() || (running && call.idempotency.is_some());
        attempt.repeatable = call.is_repeatable();
        attempt.retry_after = error.retry_after();
        let wait = match policy.decide_with_jitter(&attempt) {
            Decision::RetryAfter(wait) => wait,
            _ => return None,
        };
        let is_in_time = call.deadline.remaining().is_none_or(|left| wait < left);
        (is_in_time && wait < self.key_life_left()).then_some(wait)
    }

    /// The end of a call for want of a credential. This attempt did not take place, so only those
    /// before it count, whatever the provider says of its own failure. It is not retried: how
    /// often the issuer is asked is the provider's business. Where a rejected token was to be
    /// renewed, the service's own words say more than the provider's, which become the cause.
    pub(crate) fn without_credential(&mut self, error: Error) -> Error {
        match self.last.take().filter(|_| self.is_renewing) {
            Some(rejection) => rejection.with_source(error),
            None => error,
        }
    }

    /// The end of a call whose caller did not wait for its outcome. The failure before it is its
    /// cause.
    pub(crate) fn ended_early(&mut self, reached: Reached) -> Error {
        let error = reached.into_error();
        match self.last.take() {
            Some(last) => error.with_source(last),
            None => error,
        }
    }

    /// The error with which the call gives up: the last failure, or `error` if no attempt failed.
    pub(crate) fn last_or(&mut self, error: impl FnOnce() -> Error) -> Error {
        self.last.take().unwrap_or_else(error)
    }

    /// Finishes the error of the call, with what all attempts together leave known.
    pub(crate) fn finish(
        &self,
        error: Error,
        settling_margin: Duration,
        clock: Option<ClockOffset>,
    ) -> Error {
        let error = error.with_delivery(self.delivery);
        let error = self.context.finish(error, self.service);
        // Also where it is proven that nothing was sent: a client may know that the proof is none,
        // as with a key that an earlier call used.
        let is_doubtful = error.delivery() == Delivery::Unknown;
        let is_message = self.context.class == RetryClass::Message;
        if is_message && (self.context.attempts > 0 || is_doubtful) {
            error.with_evidence(self.evidence(settling_margin, clock))
        } else {
            error
        }
    }

    fn evidence(&self, settling_margin: Duration, clock: Option<ClockOffset>) -> Evidence {
        let ended_at = SystemTime::now();
        let pending_until = ended_at + settling_margin.min(LONGEST_MARGIN);
        self.known(clock).with_end(ended_at, pending_until)
    }

    /// What a journal notes before an attempt: everything that is known but the end.
    pub(crate) fn begun(&self, clock: Option<ClockOffset>) -> Evidence {
        let mut evidence = self.known(clock).with_platform(self.service.name);
        evidence.idempotency = self.context.idempotency;
        let id = self.context.client_request_id;
        evidence.client_request_id = id.map(|id| id.to_string());
        evidence
    }

    fn known(&self, clock: Option<ClockOffset>) -> Evidence {
        let began_at = earlier(
            self.context.began_at,
            self.context.began.elapsed(),
            SystemTime::now(),
        );
        let mut evidence = Evidence::new(began_at);
        if let Some(mark) = &self.mark {
            evidence = evidence.with_mark(mark.clone());
        }
        match clock {
            Some(offset) => evidence.with_service_clock(offset),
            None => evidence,
        }
    }
}

/// When a call began, by the clock that shows `now` after `elapsed`: earlier than it seemed then, if
/// the clock was set back meanwhile.
fn earlier(began_at: SystemTime, elapsed: Duration, now: SystemTime) -> SystemTime {
    match now.checked_sub(elapsed) {
        Some(began) if began + UNSET < began_at => began,
        _ => began_at,
    }
}

/// What is known of a message before its first attempt. A key that was first used a while ago
/// means that there was an earlier call, whose outcome is not known here.
fn known_before(call: &Call, began_at: SystemTime) -> Delivery {
    let age = call
        .idempotency
        .and_then(|key| began_at.duration_since(key.first_sent).ok());
    if age.is_some_and(|age| age > FIRST_USE) {
        Delivery::Unknown
    } else {
        Delivery::NotSent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_began_earlier_on_a_clock_that_was_set_back_meanwhile() {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        let began_at = SystemTime::now();
        let then = |now| earlier(began_at, second, now);
        assert_eq!(then(began_at + second), began_at);
        assert_eq!(then(began_at + second - UNSET), began_at);
        assert_eq!(then(began_at + second - hour), began_at - hour);
        // It was set forward, or the machine slept.
        assert_eq!(then(began_at + hour), began_at);
    }
}
