//! What a step leaves in the head of a message.

use std::time::SystemTime;

use crate::{
    message::Head,
    state::State,
    step::Step,
    time::{after, was_ahead, whole},
};

/// When a step was made, and when it is applied: by two readings of a clock that may be set between.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) made_at: SystemTime,
    pub(crate) now: SystemTime,
}

impl Times {
    /// When a message is due for which a step says `due_at`. A store can be reached long after the step
    /// was made: if the clock was set back meanwhile, the pause keeps its length.
    fn due(self, head: &Head, due_at: SystemTime) -> SystemTime {
        let mut due_at = due_at;
        if was_ahead(self.made_at, self.now) {
            let pause = due_at.duration_since(self.made_at);
            due_at = after(self.now, pause.unwrap_or_default());
        }
        match head.state {
            State::Queued => head.no_earlier(whole(due_at)),
            _ => whole(due_at),
        }
    }
}

/// Writes what a step says, but for the state, which is that after the step already.
pub(crate) fn write(step: &Step, head: &mut Head, times: Times) {
    match step {
        Step::Begin(attempt) => {
            head.attempt = Some(attempt.clone());
            head.evidence = None;
            head.has_slot = false;
        }
        Step::Release { due_at } => head.due_at = times.due(head, *due_at),
        Step::Retry { expires_at, .. } => {
            head.due_at = head.no_earlier(whole(times.now));
            head.failures = 0;
            head.evidence = None;
            if let Some(time) = expires_at {
                head.expires_at = whole(*time);
            }
        }
        Step::Confirm { receipt } => head.receipt.clone_from(receipt),
        Step::Report { status, code } => {
            if head.status.is_none_or(|it| it < *status) {
                head.status = Some(*status);
                head.status_code.clone_from(code);
            }
        }
        Step::Expire | Step::Cancel | Step::GiveUp => {}
        outcome => write_outcome(outcome, head, times),
    }
}

/// Writes how an attempt ended.
fn write_outcome(step: &Step, head: &mut Head, times: Times) {
    match step {
        Step::Doubt {
            evidence,
            error,
            attempts,
        } => {
            head.evidence = Some(evidence.clone());
            head.error.clone_from(error);
            head.attempts += attempts;
        }
        Step::Sent {
            receipt, attempts, ..
        } => {
            head.receipt.clone_from(receipt);
            head.error = None;
            head.evidence = None;
            head.attempts += attempts;
        }
        Step::Refuse { error, attempts } => {
            head.error = Some(error.clone());
            head.evidence = None;
            head.attempts += attempts;
        }
        Step::Requeue {
            due_at,
            error,
            attempts,
            is_failure,
        } => {
            head.due_at = times.due(head, *due_at).min(head.expires_at);
            head.error.clone_from(error);
            head.evidence = None;
            head.attempts += attempts;
            head.failures = if *is_failure { head.failures + 1 } else { 0 };
        }
        Step::Park { error } => {
            if head.evidence.is_none() {
                head.evidence = head.attempt.as_ref().map(|it| it.evidence.clone());
            }
            head.error = Some(error.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ms_messenger_core::{SendRequest, Target};

    use super::*;
    use crate::{envelope::Envelope, memory::MemoryStore, outbox::Outbox};

    const HOUR: Duration = Duration::from_secs(3600);
    const PAUSE: Duration = Duration::from_secs(300);

    #[test]
    fn a_pause_that_is_stored_after_the_clock_was_set_back_keeps_its_length() {
        let request = SendRequest::new(Target::conversation("1"), "x");
        let now = whole(SystemTime::now());
        let envelope = Envelope::new("a", "b", request).with_not_before(now + HOUR / 2);
        let fresh = Outbox::new(MemoryStore::new()).prepare(&envelope).unwrap();
        let requeue = |made_at: SystemTime, not_before| {
            let mut head = fresh.head.clone();
            head.not_before = not_before;
            let step = Step::Requeue {
                due_at: made_at + PAUSE,
                error: None,
                attempts: 1,
                is_failure: true,
            };
            write(&step, &mut head, Times { made_at, now });
            head.due_at
        };
        assert_eq!(requeue(now + HOUR, None), now + PAUSE);
        // It was set forward, or differs a little.
        assert_eq!(requeue(now - HOUR, None), now + PAUSE - HOUR);
        assert_eq!(requeue(now + PAUSE / 10, None), now + PAUSE / 10 + PAUSE);
        let soon = Some(now + HOUR / 2);
        assert_eq!(requeue(now + HOUR, soon), now + HOUR / 2);
        assert_eq!(requeue(now + HOUR, Some(now)), now + PAUSE);
    }
}
