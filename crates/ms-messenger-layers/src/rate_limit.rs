//! Sends no faster than a rate.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use ms_messenger_core::{
    Body, Capabilities, Deadline, Delivery, Error, ErrorKind, Evidence, Messenger, Receipt, Result,
    SendRequest, Settled,
};
use tokio::{
    sync::Mutex as Line,
    time::{Instant, sleep_until},
};

use crate::{
    bucket::{Bucket, Rate},
    trace,
};

/// Sends no faster than a [`Rate`]: requests wait for their turn, in the order in which they arrived.
///
/// The wait counts for the timeout of the request, and ends when the request is cancelled. A request
/// whose turn would come after its timeout is refused at once: `NotSent` and `RateLimited`, with the
/// wait as `retry_after`. A send that is cancelled or dropped while it waits uses no turn. Clones share
/// one rate. Settling is not limited.
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
    queue: Arc<Queue>,
}

/// The requests that wait for their turn.
#[derive(Debug)]
struct Queue {
    bucket: Mutex<Bucket>,
    /// How many wait.
    waiting: AtomicU32,
    /// Held by the first one. The others get it in the order in which they arrived.
    line: Line<()>,
}

/// The place of one request in the queue, until it is dropped.
struct Place<'a>(&'a Queue);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Queue {
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is the first, and its turn has come, which it takes.
    async fn turn(&self) {
        let _first = self.line.lock().await;
        let now = Instant::now();
        // Only the first one takes turns, so this one stays as it is.
        let wait = self.bucket().wait(now, 0);
        if let Some(at) = now.checked_add(wait) {
            if !wait.is_zero() {
                sleep_until(at).await;
            }
            self.bucket().take(at);
        } else {
            std::future::pending().await
        }
    }
}

impl<M: Messenger> RateLimit<M> {
    /// Limits the sends of `messenger`.
    pub fn new(messenger: M, rate: Rate) -> Self {
        Self {
            inner: messenger,
            queue: Arc::new(Queue {
                bucket: Mutex::new(Bucket::new(rate)),
                waiting: AtomicU32::new(0),
                line: Line::new(()),
            }),
        }
    }

    /// Waits for the turn of a request.
    async fn wait(&self, deadline: &Deadline) -> Result<()> {
        if let Some(reached) = deadline.reached() {
            return Err(self.not_sent(reached.into_error()));
        }
        let platform = self.inner.platform();
        let ahead = self.queue.waiting.fetch_add(1, Ordering::AcqRel);
        let _place = Place(&self.queue);
        let wait = self.queue.bucket().wait(Instant::now(), ahead);
        if deadline.remaining().is_some_and(|left| wait > left) {
            let text = "the next send may begin only after the timeout of the request";
            let error = Error::new(ErrorKind::RateLimited, text).with_retry_after(wait);
            trace::limited(platform, &error);
            return Err(self.not_sent(error));
        }
        trace::waits(platform, wait, ahead);
        let ended = deadline.limit(self.queue.turn()).await;
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
