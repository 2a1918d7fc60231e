//! The sessions of a worker, one after the other.

use std::sync::Arc;

use ms_messenger_core::CancelHandle;
use tokio::task::JoinSet;

use super::{
    builder::WorkerBuilder,
    context::Context,
    route_loop::RouteLoop,
    session::{self, Session},
    totals::Total,
};
#[cfg(any(feature = "metrics", feature = "tracing"))]
use crate::budget::Rate;
use crate::{error::Result, outbox::Outbox};

/// Sends what is in an outbox, by any number of routes. Any number of workers, in any number of
/// processes, can share a store.
///
/// * Before a message leaves, it is on disk that its attempt begins, with its idempotency key and
///   mark.
/// * A message whose outcome is unknown, because of the network or a crash, is settled and not sent
///   again. It is sent again only if it is proven absent, or under the same key on a platform that
///   removes duplicates. If the platform cannot tell, it becomes
///   [`Unconfirmed`](crate::State::Unconfirmed).
/// * If a messenger panics, it is unknown whether the message was sent: it is settled too.
/// * A worker that was stopped for longer than its lease sends and writes nothing when it continues.
/// * A 429 pauses the route for all its workers.
/// * A router supports an idempotency key, a timeout or a journal if any of its members does. The
///   worker adds to each request what the chosen member supports.
/// * A fast route claims messages ahead, as many as it sends within 0.1 s. They stay queued, and are
///   released after 0.25 s, on a pause, and when the worker stops. Nothing is claimed ahead for a
///   route with rates.
/// * After the clock was set back by more than a minute, retries, and messages that wait for the rate
///   of their target, are due at once, and the pause of a route keeps its length, counted from the new
///   time. Leases are measured by monotonic clocks. After the clock was set forward, a worker sends
///   nothing until it has renewed its lease.
///
/// Build the clients of a worker with few or no retries of their own: the outbox retries, with
/// pauses over hours. The attempts of the client are counted.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, SendRequest, Target};
/// use ms_messenger_outbox::{Envelope, MemoryStore, Outbox, Route, State, Worker};
///
/// # tokio::runtime::Builder::new_multi_thread().enable_time().build()?.block_on(async {
/// let outbox = Outbox::new(MemoryStore::new()).into_dyn();
/// let request = SendRequest::new(Target::conversation("1"), "hello");
/// outbox.enqueue(Envelope::new("greeting", "memory", request)).await?;
///
/// let worker = Worker::builder(outbox.clone())
///     .with_route("memory", Route::new(MemoryMessenger::new()))
///     .build();
/// worker.run_until_empty().await?;
/// let sent = outbox.get(&"greeting".into()).await?.unwrap();
/// assert_eq!(sent.head.state, State::Sent);
/// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Worker {
    pub(super) context: Arc<Context>,
}

impl Worker {
    /// Starts to build a worker on an outbox.
    pub fn builder(outbox: Outbox) -> WorkerBuilder {
        WorkerBuilder::new(outbox)
    }

    /// Returns how many messages this worker brought to each state, in total and in the last minute.
    #[must_use]
    pub fn totals(&self) -> Vec<Total> {
        self.context.totals.read()
    }

    /// The outbox whose messages it sends.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.context.outbox
    }

    /// The routes that have a rate, with it.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn budgets(&self) -> Vec<(&str, Rate)> {
        let routes = self.context.routes.iter();
        let rates = routes.map(|(name, route)| (name.as_str(), route.budget.route));
        rates
            .filter_map(|(name, rate)| Some((name, rate?)))
            .collect()
    }

    /// Runs until `stop` is cancelled. Then it claims nothing more, waits for the running sends for up
    /// to the [grace time](WorkerBuilder::with_grace), ends those that are left with what is known,
    /// and releases its messages. For a shutdown by a signal:
    ///
    /// ```no_run
    /// # async fn until_ctrl_c() {} // tokio::signal::ctrl_c()
    /// # async fn run(worker: ms_messenger_outbox::Worker) -> ms_messenger_outbox::Result<()> {
    /// let stop = ms_messenger_core::CancelHandle::new();
    /// tokio::spawn({
    ///     let stop = stop.clone();
    ///     async move {
    ///         until_ctrl_c().await;
    ///         stop.cancel();
    ///     }
    /// });
    /// worker.run(&stop).await
    /// # }
    /// ```
    ///
    /// A worker that is dropped or killed instead loses no message: the next one settles what was
    /// being sent, after the lease has ended.
    ///
    /// # Errors
    ///
    /// An error of the store that is not [transient](crate::OutboxError::is_transient). During a
    /// transient one, the worker waits and tries again; if it is stopped meanwhile, it is an error that
    /// the outcome of a send could not be noted until the grace time had passed. The next worker settles
    /// the message.
    pub async fn run(&self, stop: &CancelHandle) -> Result<()> {
        self.work(stop, false).await
    }

    /// Runs until no message of its routes is queued or being sent any more, or none of those that are
    /// left can be sent.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run); and the first reason why messages are left, after everything else was
    /// sent: `Sealed` if the outbox lacks their key, `Damaged` if they cannot be read, `HeldBack` if they
    /// wait behind one of which it is unknown whether it was sent. They stay as they are. All reasons are
    /// reported to [`with_store_observer`](WorkerBuilder::with_store_observer).
    pub async fn run_until_empty(&self) -> Result<()> {
        self.work(&CancelHandle::new(), true).await
    }

    /// As [`run_until_empty`](Self::run_until_empty), or until `stop` is cancelled.
    ///
    /// # Errors
    ///
    /// As [`run_until_empty`](Self::run_until_empty).
    pub async fn run_until_empty_or(&self, stop: &CancelHandle) -> Result<()> {
        self.work(stop, true).await
    }

    /// Works in one session after the other: each ends when it was buried.
    async fn work(&self, stop: &CancelHandle, until_empty: bool) -> Result<()> {
        loop {
            let session = Session::open(&self.context, stop).await?;
            let Some(session) = session else {
                return Ok(());
            };
            let ended = self.run_session(&session, stop, until_empty).await;
            if !session.is_lost() {
                session.close(&self.context).await;
                return ended;
            }
            ended?;
        }
    }

    /// Runs the loop of each route, while the session is kept alive.
    async fn run_session(
        &self,
        session: &Arc<Session>,
        stop: &CancelHandle,
        until_empty: bool,
    ) -> Result<()> {
        // A set, so that it ends with this future, also when that is dropped.
        let mut keeping = JoinSet::new();
        keeping.spawn(session::keep(
            Arc::clone(&self.context),
            Arc::clone(session),
        ));
        let mut loops = JoinSet::new();
        for (name, route) in &self.context.routes {
            let route = RouteLoop::new(&self.context, session, name, route, stop, until_empty);
            loops.spawn(route.run());
        }
        let mut outcome = Ok(());
        while let Some(ended) = loops.join_next().await {
            let ended = ended.unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Ok(()),
            });
            if ended.is_err() && outcome.is_ok() {
                outcome = ended;
            }
        }
        outcome.and_then(|()| session.unnoted().map_or(Ok(()), Err))
    }
}
