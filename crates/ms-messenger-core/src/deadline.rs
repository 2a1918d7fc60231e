//! Ending a send before its outcome.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::{sync::Notify, time::Instant};

use crate::error::{Error, ErrorKind};

/// Ends sends early, from another task or a signal handler. Clones share one state.
///
/// A send whose request has the handle ends as soon as it can report what is known: `NotSent` if
/// nothing had left this machine, else `Unknown` with the evidence that settling needs. Dropping
/// the future of a send instead loses that evidence.
///
/// ```
/// use ms_messenger_core::{CancelHandle, Message, SendRequest, Target};
///
/// let cancel = CancelHandle::new();
/// let request = SendRequest::new(Target::conversation("1"), Message::text("hi"))
///     .with_cancel(cancel.clone());
/// cancel.cancel();
/// assert!(request.cancel.unwrap().is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelHandle(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_cancelled: AtomicBool,
    waiting: Notify,
}

impl CancelHandle {
    /// Creates a handle that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every send whose request has the handle, including later ones.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Release);
        self.0.waiting.notify_waiters();
    }

    /// Returns whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Acquire)
    }

    /// Waits until [`cancel`](Self::cancel) is called.
    pub async fn cancelled(&self) {
        let notified = self.0.waiting.notified();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}

/// Two handles are equal if they are clones of one.
impl PartialEq for CancelHandle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The timeout and the cancel handle of a request, counted from when the deadline was created. For
/// implementers of [`Messenger`](crate::Messenger).
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::{Deadline, Reached};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let deadline = Deadline::new(Some(Duration::from_millis(5)), None);
/// let outcome = deadline.limit(std::future::pending::<()>()).await;
/// assert_eq!(outcome, Err(Reached::TimedOut));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    cancel: Option<CancelHandle>,
}

/// Why a [`Deadline`] was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reached {
    /// The timeout of the request has elapsed.
    TimedOut,
    /// The cancel handle was used.
    Cancelled,
}

impl Reached {
    /// Returns the error of a send that ended for this reason, with delivery `Unknown`.
    pub fn into_error(self) -> Error {
        match self {
            Self::TimedOut => Error::new(
                ErrorKind::Timeout,
                "the timeout of the caller ended the send",
            ),
            Self::Cancelled => Error::new(ErrorKind::Cancelled, "the caller cancelled the send"),
        }
    }
}

impl Deadline {
    /// Creates a deadline at `timeout` from now, or by `cancel`. A timeout too long for the clock is
    /// ignored.
    #[must_use]
    pub fn new(timeout: Option<Duration>, cancel: Option<CancelHandle>) -> Self {
        Self {
            at: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            cancel,
        }
    }

    /// Returns how much time is left; `None` without a timeout.
    pub fn remaining(&self) -> Option<Duration> {
        let at = self.at?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// Returns why the deadline is reached; `None` if it is not.
    pub fn reached(&self) -> Option<Reached> {
        if self.cancel.as_ref().is_some_and(CancelHandle::is_cancelled) {
            Some(Reached::Cancelled)
        } else if self.remaining() == Some(Duration::ZERO) {
            Some(Reached::TimedOut)
        } else {
            None
        }
    }

    /// Runs `work` until it is done or the deadline is reached; then `work` is dropped.
    ///
    /// # Errors
    ///
    /// Why the deadline was reached.
    pub async fn limit<F: Future>(&self, work: F) -> Result<F::Output, Reached> {
        if self.at.is_none() && self.cancel.is_none() {
            return Ok(work.await);
        }
        match select(pin!(work), pin!(self.wait())).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right((reached, _)) => Err(reached),
        }
    }

    async fn wait(&self) -> Reached {
        let time = async {
            match self.at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let cancelled = async {
            match &self.cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        };
        match select(pin!(time), pin!(cancelled)).await {
            Either::Left(_) => Reached::TimedOut,
            Either::Right(_) => Reached::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_ends_at_the_time_out() {
        let deadline = Deadline::new(Some(Duration::from_secs(5)), None);
        let began = Instant::now();
        let outcome = deadline.limit(std::future::pending::<()>()).await;
        assert_eq!(outcome, Err(Reached::TimedOut));
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        assert_eq!(deadline.reached(), Some(Reached::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_when_it_is_cancelled_before_or_meanwhile() {
        let cancel = CancelHandle::new();
        let deadline = Deadline::new(None, Some(cancel.clone()));
        let (outcome, ()) = tokio::join!(deadline.limit(std::future::pending::<()>()), async {
            tokio::task::yield_now().await;
            cancel.cancel();
        });
        assert_eq!(outcome, Err(Reached::Cancelled));
        let outcome = deadline.limit(std::future::pending::<()>()).await;
        assert_eq!(outcome, Err(Reached::Cancelled));
    }

    #[tokio::test(start_paused = true)]
    async fn finished_work_counts_and_no_time_is_too_long() {
        let deadline = Deadline::new(Some(Duration::MAX), Some(CancelHandle::new()));
        assert_eq!(deadline.limit(async { 7 }).await, Ok(7));
        assert_eq!(deadline.reached(), None);
        assert_eq!(Deadline::default().limit(async { 7 }).await, Ok(7));
    }
}
