//! Puts on disk that an attempt begins.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use ms_messenger_core::{Delivery, Error, ErrorKind, Evidence, Result, SendJournal, async_trait};

use super::{context::Context, doubts::can_be_mistaken, session::Session};
use crate::{
    change::Change,
    message::{Attempt, Head},
    state::State,
    step::Step,
    time::after,
};

/// The journal of one send.
#[derive(Debug)]
pub(super) struct AttemptJournal {
    context: Arc<Context>,
    session: Arc<Session>,
    head: Mutex<Arc<Head>>,
    ends_by: SystemTime,
    has_begun: AtomicBool,
    has_failed: AtomicBool,
    can_be_mistaken: AtomicBool,
    is_held_up: AtomicBool,
    is_closed: AtomicBool,
}

impl AttemptJournal {
    pub(super) fn new(
        context: &Arc<Context>,
        session: &Arc<Session>,
        head: &Arc<Head>,
        ends_by: SystemTime,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            session: Arc::clone(session),
            head: Mutex::new(Arc::clone(head)),
            ends_by,
            has_begun: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            can_be_mistaken: AtomicBool::new(false),
            is_held_up: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Whether it is on disk that the attempt began.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
    }

    /// Whether the store could not note the attempt: no failure of the message.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Ends the send, so that nothing leaves that has not begun. Returns whether it has begun.
    pub(super) fn close(&self) -> bool {
        self.is_closed.store(true, Ordering::SeqCst);
        self.has_begun.load(Ordering::SeqCst)
    }

    /// Whether a message may leave.
    fn is_open(&self) -> bool {
        self.session.may_send() && !self.is_closed.load(Ordering::SeqCst)
    }

    /// Whether nothing was sent because an equal message is in doubt.
    pub(super) fn is_held_up(&self) -> bool {
        self.is_held_up.load(Ordering::Acquire)
    }

    /// Whether no equal message is in doubt that this one could be taken for. Once there was one, this
    /// one is held up.
    fn is_alone(&self) -> bool {
        if self.can_be_mistaken.load(Ordering::Acquire)
            && self.context.doubts.until(&self.head().twin).is_some()
        {
            self.is_held_up.store(true, Ordering::Release);
        }
        !self.is_held_up()
    }

    /// Holds it up while another worker has an equal message in doubt. Two that begin at the same moment
    /// are not noticed: settling then leaves the doubt that there is.
    async fn look_elsewhere(&self) {
        if !self.session.has_company() {
            return;
        }
        let (head, now) = (self.head(), SystemTime::now());
        let store = self.context.outbox.store();
        let being_sent = store.being_sent(&head.twin, &head.id).await;
        let is_held_up = being_sent.is_ok_and(|all| all.iter().any(|it| is_to_be_settled(it, now)));
        if is_held_up {
            self.is_held_up.store(true, Ordering::Release);
        }
    }

    /// Fails while an equal message is in doubt.
    fn check_alone(&self) -> Result<()> {
        if !self.is_alone() {
            let message = "it is not known yet whether an equal message was sent";
            // Once it has failed it fails: no other member of a fallback is to send it instead.
            return Err(Error::new(ErrorKind::Cancelled, message).with_delivery(Delivery::NotSent));
        }
        Ok(())
    }

    /// The message, as it was last stored.
    pub(super) fn head(&self) -> Arc<Head> {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&head)
    }

    /// Stores that the attempt begins.
    pub(super) async fn begin(&self, evidence: &Evidence) -> crate::Result<()> {
        let attempt = Attempt::new(
            evidence.clone(),
            self.ends_by,
            after(self.ends_by, self.context.settling_margin),
        );
        let step = Step::Begin(attempt);
        let change = Change::of_known(&self.head(), self.session.worker(), step);
        let begun = self.context.outbox.apply(change).await?;
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(begun);
        self.has_begun.store(true, Ordering::SeqCst);
        Ok(())
    }
}

#[async_trait]
impl SendJournal for AttemptJournal {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        if !self.is_open() {
            return Err(ended());
        }
        if can_be_mistaken(evidence) {
            self.can_be_mistaken.store(true, Ordering::Release);
            self.look_elsewhere().await;
        }
        self.check_alone()?;
        self.begin(evidence).await.map_err(|error| {
            self.has_failed.store(true, Ordering::Release);
            Error::new(ErrorKind::Other, "the outbox could not note the attempt")
                .with_delivery(Delivery::NotSent)
                .with_source(error)
        })?;
        // Writing may have taken long.
        self.check_alone()?;
        if self.is_open() { Ok(()) } else { Err(ended()) }
    }

    fn may_leave(&self) -> bool {
        self.is_open() && self.is_alone()
    }
}

/// Whether it is known of a message of some worker that it is in doubt.
fn is_to_be_settled(head: &Head, now: SystemTime) -> bool {
    let has_ended = head.attempt.as_ref().is_some_and(|it| it.ends_by < now);
    let is_in_doubt = head.evidence.is_some() || head.owner.is_none() || has_ended;
    head.state == State::Sending && is_in_doubt
}

fn ended() -> Error {
    let message = "the send has ended, or the lease of the worker, before the message left";
    Error::new(ErrorKind::Cancelled, message).with_delivery(Delivery::NotSent)
}
