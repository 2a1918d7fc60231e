//! What a step leaves in the head of a message.

use std::time::SystemTime;

use crate::{message::Head, step::Step, time::whole};

/// Writes what a step says, but for the state.
pub(crate) fn write(step: &Step, head: &mut Head, now: SystemTime) {
    match step {
        Step::Begin(attempt) => {
            head.attempt = Some(attempt.clone());
            head.evidence = None;
            head.has_slot = false;
        }
        Step::Release { due_at } => head.due_at = whole(*due_at),
        Step::Retry { expires_at } => {
            head.due_at = whole(now);
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
        outcome => write_outcome(outcome, head),
    }
}

/// Writes how an attempt ended.
fn write_outcome(step: &Step, head: &mut Head) {
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
            head.due_at = whole(*due_at).min(head.expires_at);
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
