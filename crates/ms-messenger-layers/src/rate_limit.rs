//! Sends no faster than a rate.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ms_messenger_core::{
    Body, Capabilities, Deadline, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt, Result,
    SendRequest, Settled,
};
use tokio::time::{Instant, sleep};

use crate::bucket::{Bucket, Rate};

/// Sends no faster than a [`Rate`]: requests wait for their turn, in the order in which they came.
///
/// A request whose turn comes after its timeout fails at once, `NotSent` and `RateLimited`, with the
/// wait as `retry_after`. The wait counts for the timeout, and ends when the request is cancelled.
/// A send that is dropped while it waits has used its turn. Clones share one rate.
///
/// Everything else is that of the messenger inside, including its platform name.
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use ms_messenger_core::{MemoryMessenger, MessengerExt, SendRequest, Target};
/// use ms_messenger_layers::{Rate, RateLimit};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let hourly = Rate::per(NonZeroU32::MIN, Duration::from_secs(3600));
/// let messenger = RateLimit::new(MemoryMessenger::new(), hourly);
/// let request = SendRequest::new(Target::conversation("1"), "hello");
/// messenger.send_within(&request, Duration::from_secs(1)).await?;
/// let error = messenger.send_within(&request, Duration::from_secs(1)).await.unwrap_err();
/// assert!(error.is_safe_to_resend() && error.retry_after().is_some());
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct RateLimit<M> {
    inner: M,
    bucket: Arc<Mutex<Bucket>>,
}

impl<M: Messenger> RateLimit<M> {
    /// Limits the sends of `messenger`.
    pub fn new(messenger: M, rate: Rate) -> Self {
        Self {
            inner: messenger,
            bucket: Arc::new(Mutex::new(Bucket::new(rate))),
        }
    }

    /// Waits for the turn of a request.
    async fn wait(&self, deadline: &Deadline) -> Result<()> {
        if let Some(reached) = deadline.reached() {
            return Err(self.not_sent(reached.into_error()));
        }
        let turn = {
            let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.take(Instant::now(), deadline.remaining())
        };
        let wait = turn.map_err(|wait| {
            let text = "the next send may begin only after the timeout of the request";
            let error = Error::new(ErrorKind::RateLimited, text).with_retry_after(wait);
            self.not_sent(error)
        })?;
        if wait.is_zero() {
            return Ok(());
        }
        let ended = deadline.limit(sleep(wait)).await;
        ended.map_err(|reached| self.not_sent(reached.into_error()))
    }

    fn not_sent(&self, error: Error) -> Error {
        error
            .with_delivery(Delivery::NotSent)
            .with_platform(self.inner.platform().to_owned())
    }
}

#[async_trait]
impl<M: Messenger> Messenger for RateLimit<M> {
    fn platform(&self) -> &str {
        self.inner.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        // What is refused anyway must not wait. A native body may be one for a member inside.
        if !matches!(request.message.body, Body::Native { .. }) {
            self.inner
                .capabilities()
                .check(self.inner.platform(), request)?;
        }
        let deadline = request.deadline();
        self.wait(&deadline).await?;
        match deadline.remaining() {
            None => self.inner.send(request).await,
            Some(left) if left.is_zero() => {
                let error = Error::new(ErrorKind::Timeout, "the timeout ended the wait for a turn");
                Err(self.not_sent(error))
            }
            Some(left) => self.inner.send(&request.clone().with_timeout(left)).await,
        }
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.inner.settle(request, evidence).await
    }
}
