//! What is written down before a message leaves.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    error::{Delivery, Error, ErrorKind, Result},
    settle::Evidence,
};

/// Takes note of a send before the message leaves this machine, so that it can be settled after a
/// crash. For durable queues, such as the outbox.
///
/// A messenger with [`Capability::Journal`](crate::Capability::Journal) calls it for the request
/// that sends the message, and for none of those before it (sign-in, look-ups, uploads).
///
/// ```
/// use ms_messenger_core::{Evidence, Result, SendJournal, async_trait};
///
/// /// Prints what it is told.
/// #[derive(Debug)]
/// struct Printed;
///
/// #[async_trait]
/// impl SendJournal for Printed {
///     async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
///         println!("{}", serde_json::to_string(evidence).unwrap_or_default());
///         Ok(())
///     }
///
///     fn may_leave(&self) -> bool {
///         true
///     }
/// }
/// ```
#[async_trait]
pub trait SendJournal: fmt::Debug + Send + Sync + 'static {
    /// Records that an attempt begins. The attempt waits for it; it is called again before each
    /// retry.
    ///
    /// `evidence` has what is known by then: when the first attempt began, the idempotency key, and
    /// the mark by which the message can be recognised. When the send ends is not known yet.
    ///
    /// # Errors
    ///
    /// Any error ends the send before this attempt: with delivery `NotSent`, if no earlier attempt
    /// leaves it unknown.
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()>;

    /// Returns whether the message may still leave. It is called when the connection is ready to
    /// take the request, which can be long after [`attempt_begins`](Self::attempt_begins): when the
    /// process was stopped in between. `false` ends the send before the message left.
    fn may_leave(&self) -> bool;
}

/// The journal of a request. Clones share one journal.
#[derive(Clone, Debug)]
pub struct Journal(Arc<dyn SendJournal>);

impl Journal {
    /// Wraps a journal.
    pub fn new(journal: impl SendJournal) -> Self {
        Self(Arc::new(journal))
    }

    /// Shares a journal.
    pub fn shared(journal: Arc<dyn SendJournal>) -> Self {
        Self(journal)
    }

    /// Calls [`SendJournal::attempt_begins`].
    ///
    /// # Errors
    ///
    /// Those of the journal.
    pub async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        self.0.attempt_begins(evidence).await
    }

    /// Calls [`SendJournal::may_leave`].
    pub fn may_leave(&self) -> bool {
        self.0.may_leave()
    }

    /// Fails unless the message [may leave](Self::may_leave).
    ///
    /// ```
    /// use ms_messenger_core::{Delivery, Error, ErrorKind, Evidence, Journal, Result, SendJournal, async_trait};
    ///
    /// /// The journal of a worker whose lease has ended.
    /// #[derive(Debug)]
    /// struct Ended;
    ///
    /// #[async_trait]
    /// impl SendJournal for Ended {
    ///     async fn attempt_begins(&self, _: &Evidence) -> Result<()> {
    ///         Err(Error::new(ErrorKind::Other, "the lease has ended"))
    ///     }
    ///
    ///     fn may_leave(&self) -> bool {
    ///         false
    ///     }
    /// }
    ///
    /// let error = Journal::new(Ended).check_may_leave().unwrap_err();
    /// assert_eq!((error.kind(), error.delivery()), (ErrorKind::Cancelled, Delivery::NotSent));
    /// ```
    ///
    /// # Errors
    ///
    /// `Cancelled`, not sent.
    pub fn check_may_leave(&self) -> Result<()> {
        if self.may_leave() {
            Ok(())
        } else {
            Err(Self::held_back())
        }
    }

    /// Returns the error of a message that did not leave because it [may not](Self::may_leave):
    /// `Cancelled`, not sent.
    pub fn held_back() -> Error {
        let message = "the journal held the message back before it left";
        Error::new(ErrorKind::Cancelled, message).with_delivery(Delivery::NotSent)
    }
}

/// Two are equal if they are clones of one.
impl PartialEq for Journal {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
