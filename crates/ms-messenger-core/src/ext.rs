//! What every messenger can do besides.

use std::{future::Future, time::Duration, time::SystemTime};

use futures_core::Stream;
use futures_util::StreamExt as _;

use crate::{
    Capability, Deadline, Delivery, Evidence, Message, Messenger, Receipt, Result, SendRequest,
    SettlePolicy, Settled, Target, settle::settle_patiently,
};

/// The outcome of one request of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendOutcome {
    /// The place of the request in the stream, from 0.
    pub index: usize,
    /// The request, handed back: a caller that keeps a journal or tries again needs it.
    pub request: SendRequest,
    /// The receipt, or why there is none.
    pub result: Result<Receipt>,
}

/// Convenience on top of [`Messenger`]; every messenger has it, `Arc<dyn Messenger>` too.
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

    /// Checks the request against the capabilities, then sends it. Our own messengers check by
    /// themselves; this holds a foreign one to its word.
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

    /// Sends, but ends after `timeout`: as [`SendRequest::with_timeout`] where the messenger
    /// supports it. Any other messenger is dropped then; what its error would have said is lost,
    /// but for the time of the send.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`]; `Timeout` when the time is over.
    fn send_within(
        &self,
        request: &SendRequest,
        timeout: Duration,
    ) -> impl Future<Output = Result<Receipt>> + Send {
        async move {
            if self.capabilities().supports(Capability::Deadline) {
                let shorter = request.timeout.map_or(timeout, |own| own.min(timeout));
                return self.send(&request.clone().with_timeout(shorter)).await;
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

    /// Looks for a message in doubt until there is a verdict or `policy` ends, and returns what
    /// the last look said. Sends nothing, and can be dropped at any time. The time-out and the
    /// cancel handle of the request are those of its send: here they do not count.
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

    /// Sends, and asks the platform what became of the message when that is unknown:
    /// [`send_settled_with`](Self::send_settled_with) the default policy, so up to two minutes
    /// longer than a send.
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

    /// Sends, and asks the platform what became of the message when that is unknown, as
    /// patiently as `policy` says. Makes no duplicate: where the platform cannot be asked but
    /// removes duplicates by the key of the request, the request is sent again under that key.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`]: with delivery `NotSent` only when the platform proved that it does
    /// not have the message and will not have it; unchanged where it cannot tell, or not within
    /// the policy.
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
            // The time-out is that of the send alone; who cancels waits for nothing any more.
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
            // Its failure proves nothing of the first send.
            self.send(&again).await.map_err(|_| error)
        }
    }

    /// Sends a stream of requests, at most `limit` at a time (0 counts as 1), and answers the
    /// outcomes in the order of the requests. A failure does not end the stream.
    ///
    /// Nothing is sent until the stream is polled, and the order of the outcomes is no order
    /// of arrival: only a `limit` of 1 sends one after the other.
    fn send_all<S>(&self, requests: S, limit: usize) -> impl Stream<Item = SendOutcome> + Send
    where
        S: Stream<Item = SendRequest> + Send,
    {
        requests
            .enumerate()
            .map(move |(index, request)| send_one(self, index, request))
            .buffered(limit.max(1))
    }

    /// The same, but each outcome is answered as soon as it is known.
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
