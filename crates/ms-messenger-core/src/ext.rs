//! What every messenger can do besides.

use std::future::Future;

use futures_core::Stream;
use futures_util::StreamExt as _;

use crate::{
    Delivery, InDoubt, Message, Messenger, Receipt, Result, SendRequest, Settle, Settled, Target,
};

/// The outcome of one request of a stream.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sent {
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

    /// Sends, and asks the platform what became of the message when that is unknown. A message
    /// that is there is a success; one that is not is an error with the delivery `NotSent`;
    /// where the platform cannot tell, the error stays as it was. Sends nothing twice.
    ///
    /// # Errors
    ///
    /// As [`Messenger::send`].
    fn send_settled(&self, request: &SendRequest) -> impl Future<Output = Result<Receipt>> + Send
    where
        Self: Settle,
    {
        async move {
            let error = match self.send(request).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) => error,
            };
            let Some(attempt) = InDoubt::of(&error) else {
                return Err(error);
            };
            match self.settle(request, &attempt).await {
                Settled::Found(receipt) => Ok(receipt),
                Settled::NotFound => Err(error.with_delivery(Delivery::NotSent)),
                Settled::CannotTell(_) => Err(error),
            }
        }
    }

    /// Sends a stream of requests, at most `limit` at a time (0 counts as 1), and answers the
    /// outcomes in the order of the requests. A failure does not end the stream.
    ///
    /// Nothing is sent until the stream is polled, and the order of the outcomes is no order
    /// of arrival: only a `limit` of 1 sends one after the other.
    fn send_all<S>(&self, requests: S, limit: usize) -> impl Stream<Item = Sent> + Send
    where
        S: Stream<Item = SendRequest> + Send,
    {
        requests
            .enumerate()
            .map(move |(index, request)| send_one(self, index, request))
            .buffered(limit.max(1))
    }

    /// The same, but each outcome is answered as soon as it is known.
    fn send_all_unordered<S>(&self, requests: S, limit: usize) -> impl Stream<Item = Sent> + Send
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
) -> Sent {
    let result = messenger.send(&request).await;
    Sent {
        index,
        request,
        result,
    }
}
