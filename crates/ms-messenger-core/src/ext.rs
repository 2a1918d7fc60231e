//! Convenience methods for every messenger.

use std::{future::Future, time::Duration, time::SystemTime};

use futures_core::Stream;
use futures_util::StreamExt as _;

use crate::{
    Capability, Deadline, Delivery, Error, ErrorKind, Evidence, Fitted, Message, Messenger,
    Receipt, Result, SendRequest, SettlePolicy, Settled, Target, settle::settle_patiently,
};

/// The outcome of one request of [`send_all`](MessengerExt::send_all). `Debug` prints no content.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendOutcome {
    /// The position of the request in the stream, from 0.
    pub index: usize,
    /// The request, for callers that keep a journal or send it again.
    pub request: SendRequest,
    /// The receipt, or the error.
    pub result: Result<Receipt>,
}

/// Convenience methods for every [`Messenger`], also for `Arc<dyn Messenger>`.
///
/// ```
/// use futures_util::{StreamExt as _, stream};
/// use ms_messenger_core::{MemoryMessenger, MessengerExt as _, SendRequest, Target};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let messenger = MemoryMessenger::new();
/// let to = Target::conversation("1");
/// messenger.send_text(to.clone(), "one").await?;
///
/// let texts = ["two", "three"].map(|text| SendRequest::new(to.clone(), text));
/// let outcomes: Vec<_> = messenger.send_all(stream::iter(texts), 8).collect().await;
/// assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
/// assert_eq!(messenger.sent().len(), 3);
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait MessengerExt: Messenger {
    /// Sends plain text.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`].
    fn send_text(
        &self,
        to: impl Into<Target>,
        text: impl Into<String>,
    ) -> impl Future<Output = Result<Receipt>> + Send {
        let request = SendRequest::new(to, Message::text(text));
        async move { self.send(&request).await }
    }

    /// Removes from `request` what this messenger does not support, and lists it: see
    /// [`Capabilities::fit`](crate::Capabilities::fit). Sends nothing.
    ///
    /// # Errors
    ///
    /// As [`Capabilities::fit`](crate::Capabilities::fit).
    fn fit(&self, request: &SendRequest) -> Result<Fitted> {
        self.capabilities().fit(self.platform(), request)
    }

    /// Checks the request against the capabilities, then sends it. The messengers of this project
    /// do so in `send`; this makes sure of it for any other one.
    ///
    /// # Errors
    ///
    /// As [`Capabilities::check`](crate::Capabilities::check) and [`Messenger::send`].
    fn send_checked(&self, request: &SendRequest) -> impl Future<Output = Result<Receipt>> + Send {
        async move {
            self.capabilities().check(self.platform(), request)?;
            self.send(request).await
        }
    }

    /// Sends, but ends after `timeout`: as [`SendRequest::with_timeout`] if the messenger supports
    /// it for this request. Any other send is dropped then, and only the time of the send is left as
    /// evidence.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`]; `Timeout` after `timeout`.
    fn send_within(
        &self,
        request: &SendRequest,
        timeout: Duration,
    ) -> impl Future<Output = Result<Receipt>> + Send {
        async move {
            if self.capabilities().supports(Capability::Deadline) {
                let shorter = request.timeout.map_or(timeout, |own| own.min(timeout));
                match self.send(&request.clone().with_timeout(shorter)).await {
                    // A router supports what any of its members does, and refuses it for others.
                    Err(error) if refuses_timeout(&error) && request.timeout.is_none() => {}
                    outcome => return outcome,
                }
            }
            let began_at = SystemTime::now();
            let deadline = Deadline::new(Some(timeout), None);
            match deadline.limit(self.send(request)).await {
                Ok(outcome) => outcome,
                Err(reached) => Err(reached
                    .into_error()
                    .with_platform(self.platform().to_owned())
                    .with_began_at(began_at)),
            }
        }
    }

    /// Settles a send with an unknown delivery: asks the platform until there is a verdict or
    /// `policy` ends, and returns the last verdict. It sends nothing, and can be dropped at any
    /// time. The timeout and the cancel handle of the request apply to its send and not to this.
    fn settle_with(
        &self,
        request: &SendRequest,
        evidence: &Evidence,
        policy: &SettlePolicy,
    ) -> impl Future<Output = Settled> + Send {
        async move {
            let endless = Deadline::default();
            settle_patiently(self, request, evidence, policy, &endless).await
        }
    }

    /// Sends, and settles the send if its delivery is unknown:
    /// [`send_settled_with`](Self::send_settled_with) the default policy, so up to two minutes
    /// longer than a send.
    ///
    /// ```
    /// use ms_messenger_core::{MemoryMessenger, MessengerExt as _, SendRequest, Target};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let messenger = MemoryMessenger::new();
    /// messenger.lose_next_response();
    /// let request = SendRequest::new(Target::conversation("1"), "hello");
    /// let receipt = messenger.send_settled(&request).await?;
    /// assert_eq!(receipt.message_id.unwrap(), "1");
    /// assert_eq!(messenger.sent().len(), 1);
    /// # Ok::<(), ms_messenger_core::Error>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_settled_with`](Self::send_settled_with).
    fn send_settled(&self, request: &SendRequest) -> impl Future<Output = Result<Receipt>> + Send {
        async move {
            let policy = SettlePolicy::default();
            self.send_settled_with(request, &policy).await
        }
    }

    /// Sends, and settles the send by `policy` if its delivery is unknown. It causes no duplicate:
    /// if the platform cannot be asked but removes duplicates by the key of the request, the
    /// request is sent again under that key.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`]: with delivery `NotSent` only if the platform proved that it does not
    /// have the message and will not have it; unchanged if it cannot tell, or not within `policy`.
    fn send_settled_with(
        &self,
        request: &SendRequest,
        policy: &SettlePolicy,
    ) -> impl Future<Output = Result<Receipt>> + Send {
        async move {
            let error = match self.send(request).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) => error,
            };
            let Some(evidence) = Evidence::of(&error) else {
                return Err(error);
            };
            // The timeout is that of the send alone; after a cancellation nothing is waited for.
            let cancelled = Deadline::new(None, request.cancel.clone());
            match settle_patiently(self, request, &evidence, policy, &cancelled).await {
                Settled::Found(receipt) => return Ok(receipt),
                Settled::NotFound => return Err(error.with_delivery(Delivery::NotSent)),
                Settled::NotYet(_) | Settled::CannotTell(_) => {}
            }
            let Some(key) = evidence.idempotency else {
                return Err(error);
            };
            if !self.capabilities().supports(Capability::Idempotency) {
                return Err(error);
            }
            let again = request.clone().with_idempotency(key);
            // Its failure proves nothing about the first send.
            self.send(&again).await.map_err(|_| error)
        }
    }

    /// Sends a stream of requests, at most `limit` at a time (0 counts as 1), and returns the
    /// outcomes in the order of the requests. A failure does not end the stream.
    ///
    /// Nothing is sent until the stream is polled. The order of the outcomes is not the order of
    /// arrival: only a `limit` of 1 sends one after the other.
    fn send_all<S>(&self, requests: S, limit: usize) -> impl Stream<Item = SendOutcome> + Send
    where
        S: Stream<Item = SendRequest> + Send,
    {
        requests
            .enumerate()
            .map(move |(index, request)| send_one(self, index, request))
            .buffered(limit.max(1))
    }

    /// As [`send_all`](Self::send_all), but returns each outcome as soon as it is known.
    fn send_all_unordered<S>(
        &self,
        requests: S,
        limit: usize,
    ) -> impl Stream<Item = SendOutcome> + Send
    where
        S: Stream<Item = SendRequest> + Send,
    {
        requests
            .enumerate()
            .map(move |(index, request)| send_one(self, index, request))
            .buffer_unordered(limit.max(1))
    }
}

impl<M: Messenger + ?Sized> MessengerExt for M {}

/// Whether a request was refused because of its timeout, which is not zero.
fn refuses_timeout(error: &Error) -> bool {
    let is_refused = error.kind() == ErrorKind::Unsupported && error.is_safe_to_resend();
    let mut problems = error.problems().iter();
    is_refused && problems.any(|problem| problem.field == "timeout_ms")
}

async fn send_one<M: Messenger + ?Sized>(
    messenger: &M,
    index: usize,
    request: SendRequest,
) -> SendOutcome {
    let result = messenger.send(&request).await;
    SendOutcome {
        index,
        request,
        result,
    }
}
