//! What can happen to a message: one pure function, which every store applies.

use std::{sync::Arc, time::SystemTime};

use ms_messenger_core::{Delivery, Evidence};

use crate::{
    effect::{self, Times},
    error::{OutboxError, OutboxErrorKind, Result},
    id::{EnvelopeId, WorkerId},
    message::{Attempt, Head},
    state::State,
    step::Step,
    time::whole,
};

/// A change of one message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The message.
    pub id: EnvelopeId,
    /// The lease under which a worker makes the change; `None` for a change by the caller of the
    /// outbox.
    pub lease: Option<Lease>,
    /// What happens.
    pub step: Step,
    /// The message as its worker knows it. If it is stored so, a store need not read it.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(dead_code, reason = "only databases ask")
    )]
    pub(crate) known: Option<Arc<Head>>,
    /// When it was made: its times count from then.
    made_at: SystemTime,
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

impl Change {
    /// Creates the change of a worker.
    #[must_use]
    pub fn by_worker(head: &Head, worker: &WorkerId, step: Step) -> Self {
        Self::of_known(&Arc::new(head.clone()), worker, step)
    }

    /// Creates the change of a worker, which shares what it knows of the message.
    pub(crate) fn of_known(head: &Arc<Head>, worker: &WorkerId, step: Step) -> Self {
        Self {
            id: head.id.clone(),
            lease: Some(Lease {
                worker: worker.clone(),
                fence: head.fence,
            }),
            step,
            known: Some(Arc::clone(head)),
            made_at: SystemTime::now(),
        }
    }

    /// Creates a change by the caller of the outbox, such as a cancellation.
    #[must_use]
    pub fn by_person(id: EnvelopeId, step: Step) -> Self {
        Self {
            id,
            lease: None,
            step,
            known: None,
            made_at: SystemTime::now(),
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
        let made_at = self.made_at;
        effect::write(&self.step, head, Times { made_at, now });
        let is_resent = matches!(
            self.step,
            Step::Retry {
                is_absent: false,
                ..
            }
        );
        head.was_resent |= is_resent && before == State::Unconfirmed;
        let is_kept = matches!(self.step, Step::Begin(_) | Step::Doubt { .. });
        // A message that is cancelled before its attempt begins is taken from its worker.
        if !is_kept && before != State::Sent {
            head.owner = None;
        }
        Ok(())
    }

    /// A worker needs its lease. A caller needs none: of the messages that a worker has, it can
    /// only cancel those whose attempt has not begun.
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
            (Step::Begin(next), Sending) if is_worker && goes_on(head, next) => Sending,
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
}

/// Whether an attempt is a retry within the same send, or is made under the key of the one before,
/// through the same member of a composition: another platform or account does not know the key.
fn goes_on(head: &Head, next: &Attempt) -> bool {
    let Some(before) = &head.attempt else {
        return false;
    };
    let key = |evidence: &Evidence| evidence.idempotency.map(|key| key.id);
    let is_same_send = head.evidence.is_none() && before.ends_by == next.ends_by;
    let (before, next) = (&before.evidence, &next.evidence);
    let has_same_key = key(before).is_some() && key(before) == key(next);
    is_same_send || (has_same_key && path(before) == path(next))
}

/// The platform of an attempt, then the names of the members through which it goes.
fn path(evidence: &Evidence) -> Vec<&str> {
    let mut path: Vec<&str> = evidence.platform.iter().map(String::as_str).collect();
    let mut inner = Some(evidence);
    while let Some(evidence) = inner {
        let mut members = evidence.members.iter();
        let member = members.find(|member| member.delivery == Delivery::Unknown);
        path.extend(member.map(|member| member.name.as_str()));
        inner = member.and_then(|member| member.evidence.as_ref());
    }
    path
}
