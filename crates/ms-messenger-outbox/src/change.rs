//! What can happen to a message: one pure function, which every store applies.

use std::time::SystemTime;

use ms_messenger_core::{Delivery, DeliveryStatus, Error, Evidence, Receipt};
use serde_json::Value;

use crate::{
    error::{OutboxError, OutboxErrorKind, Result},
    id::{EnvelopeId, WorkerId},
    message::{Attempt, Head},
    state::State,
    time::whole,
};

/// A change of one message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The message.
    pub id: EnvelopeId,
    /// The lease under which a worker makes the change; `None` for a person's.
    pub lease: Option<Lease>,
    /// What happens.
    pub step: Step,
}

/// The right of one worker to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The worker.
    pub worker: WorkerId,
    /// The fencing token.
    pub fence: u64,
}

/// What happens to a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// An attempt begins. On disk before the message leaves.
    Begin(Attempt),
    /// The outcome of the attempt is unknown. The worker keeps the message and settles it.
    Doubt {
        /// What settling needs.
        evidence: Evidence,
        /// The error of the attempt.
        error: Option<Value>,
        /// How many attempts the client made.
        attempts: u32,
    },
    /// The platform has it.
    Sent {
        /// The receipt; `None` if the response could not be read.
        receipt: Option<Receipt>,
        /// Whether the content is erased.
        erase: bool,
        /// How many attempts the client made; 0 if it was found later.
        attempts: u32,
    },
    /// It is refused: proven not to be sent, and no attempt would help.
    Refuse {
        /// The error.
        error: Value,
        /// How many attempts the client made.
        attempts: u32,
    },
    /// It waits for another attempt: proven not to be sent.
    Requeue {
        /// When it is due.
        due_at: SystemTime,
        /// The error of the attempt.
        error: Option<Value>,
        /// How many attempts the client made.
        attempts: u32,
        /// Whether it counts as a failure, after which the pause grows.
        is_failure: bool,
    },
    /// It is unknown whether it was sent, and the platform cannot tell.
    Park {
        /// Why the platform cannot tell.
        error: Value,
    },
    /// Its time has passed.
    Expire,
    /// The worker gives it back as it is.
    Release {
        /// When it is due.
        due_at: SystemTime,
    },
    /// A person cancels it before it is sent.
    Cancel,
    /// A person, or a verdict, sends it (again): refused, expired or unconfirmed messages.
    Retry {
        /// The time after which no attempt begins; `None` leaves it as it is.
        expires_at: Option<SystemTime>,
    },
    /// A person, or a verdict, says that the platform has it.
    Confirm {
        /// The receipt.
        receipt: Option<Receipt>,
    },
    /// A person says that it was not sent and is not to be sent.
    GiveUp,
    /// The platform reports how far it got.
    Report {
        /// The status. It only climbs.
        status: DeliveryStatus,
        /// The code of the channel, if it failed.
        code: Option<String>,
    },
}

impl Change {
    /// Creates the change of a worker.
    #[must_use]
    pub fn by_worker(head: &Head, worker: &WorkerId, step: Step) -> Self {
        Self {
            id: head.id.clone(),
            lease: Some(Lease {
                worker: worker.clone(),
                fence: head.fence,
            }),
            step,
        }
    }

    /// Creates the change of a person.
    #[must_use]
    pub fn by_person(id: EnvelopeId, step: Step) -> Self {
        Self {
            id,
            lease: None,
            step,
        }
    }

    /// Returns whether the content is erased with it.
    #[must_use]
    pub fn erases_content(&self) -> bool {
        matches!(self.step, Step::Sent { erase: true, .. })
    }

    /// Applies the change to the message as it is stored. Nothing is changed on an error.
    ///
    /// A store calls it within the transaction that read `head` and writes it back.
    ///
    /// # Errors
    ///
    /// * [`LeaseLost`](OutboxErrorKind::LeaseLost) if the lease of the worker has ended.
    /// * [`NotAllowed`](OutboxErrorKind::NotAllowed) if the state of the message does not allow it.
    pub fn apply(&self, head: &mut Head, now: SystemTime) -> Result<()> {
        self.check_lease(head)?;
        let before = head.state;
        let next = self.next_state(head)?;
        debug_assert!(before == next || before.may_become(next));
        head.state = next;
        head.changed_at = whole(now);
        self.write(head, before, now);
        Ok(())
    }

    /// A worker acts under its lease only, and a person on messages that no worker has: except that
    /// a message can be cancelled until its attempt begins.
    fn check_lease(&self, head: &Head) -> Result<()> {
        let Some(lease) = &self.lease else {
            return Ok(());
        };
        if head.owner.as_ref() == Some(&lease.worker) && head.fence == lease.fence {
            return Ok(());
        }
        let message = "the lease has ended: another worker may have the message";
        Err(OutboxError::new(OutboxErrorKind::LeaseLost, message).with_id(&head.id))
    }

    /// The state that follows, by the table.
    fn next_state(&self, head: &Head) -> Result<State> {
        use State::{Cancelled, Expired, Queued, Refused, Sending, Sent, Unconfirmed};
        let is_worker = self.lease.is_some();
        let next = match (&self.step, head.state) {
            (Step::Begin(_), Queued) if is_worker => Sending,
            (Step::Begin(next), Sending) if is_worker && same_key(head, next) => Sending,
            (Step::Doubt { .. }, Sending) if is_worker => Sending,
            (Step::Sent { .. }, Sending) if is_worker => Sent,
            (Step::Refuse { .. }, Queued | Sending) if is_worker => Refused,
            (Step::Requeue { .. }, Queued | Sending) if is_worker => Queued,
            (Step::Park { .. }, Sending) if is_worker => Unconfirmed,
            (Step::Expire, Queued) if is_worker => Expired,
            (Step::Release { .. }, state @ (Queued | Sending)) if is_worker => state,
            (Step::Cancel, Queued) if !is_worker => Cancelled,
            (Step::Retry { .. }, Refused | Expired | Unconfirmed) if !is_worker => Queued,
            (Step::Confirm { .. }, Unconfirmed) if !is_worker => Sent,
            (Step::GiveUp, Unconfirmed) if !is_worker => Refused,
            (Step::Report { .. }, Sent) if !is_worker => Sent,
            (step, state) => {
                let message = format!("a message that is {state} cannot {}", step.verb());
                let error = OutboxError::new(OutboxErrorKind::NotAllowed, message);
                return Err(error.with_id(&head.id).with_state(state));
            }
        };
        Ok(next)
    }

    fn write(&self, head: &mut Head, before: State, now: SystemTime) {
        match &self.step {
            Step::Begin(attempt) => {
                head.attempt = Some(attempt.clone());
                head.evidence = None;
                head.has_slot = false;
            }
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
            Step::Expire | Step::Cancel | Step::GiveUp => {}
            Step::Report { status, code } => {
                if head.status.is_none_or(|it| it < *status) {
                    head.status = Some(*status);
                    head.status_code.clone_from(code);
                }
            }
        }
        let is_kept = matches!(self.step, Step::Begin(_) | Step::Doubt { .. });
        // A message that is cancelled before its attempt begins is taken from its worker.
        if !is_kept && before != State::Sent {
            head.owner = None;
        }
    }
}

/// Whether an attempt is made under the key of the one before it.
fn same_key(head: &Head, next: &Attempt) -> bool {
    let key = |evidence: &Evidence| evidence.idempotency.map(|key| key.id);
    let before = head.attempt.as_ref().and_then(|it| key(&it.evidence));
    before.is_some() && before == key(&next.evidence)
}

impl Step {
    /// Creates the step after an attempt that is proven not to have sent the message.
    pub(crate) fn requeue(due_at: SystemTime, error: &Error) -> Self {
        debug_assert_eq!(error.delivery(), Delivery::NotSent);
        Self::Requeue {
            due_at,
            error: error_json(error),
            attempts: error.attempts(),
            is_failure: true,
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::Begin(_) => "be sent",
            Self::Doubt { .. } => "become doubtful",
            Self::Sent { .. } | Self::Confirm { .. } => "be confirmed",
            Self::Refuse { .. } | Self::GiveUp => "be refused",
            Self::Requeue { .. } => "be queued",
            Self::Park { .. } => "become unconfirmed",
            Self::Expire => "expire",
            Self::Release { .. } => "be given back",
            Self::Cancel => "be cancelled",
            Self::Retry { .. } => "be sent again",
            Self::Report { .. } => "be reported on",
        }
    }
}

/// The JSON form of an error.
pub(crate) fn error_json(error: &Error) -> Option<Value> {
    serde_json::to_value(error).ok()
}
