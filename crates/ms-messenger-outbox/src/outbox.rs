//! The outbox: enqueues messages, and reports their states.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use ms_messenger_core::{Deadline, Messenger, Receipt, SendRequest, Settled};

#[cfg(feature = "encryption")]
use crate::keys::{self, ContentKeys};
use crate::{
    backoff::Backoff,
    change::Change,
    envelope::{Content, Envelope},
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    message::{Head, NewMessage, StoredMessage},
    settling::AMBIGUOUS,
    state::State,
    step::Step,
    store::{Count, Inserted, Purge, Query, Report, Store},
    time::{after, whole, whole_up},
};

/// An outbox on a store: enqueues messages, reports their states, and changes them on request.
/// Clones share the store.
///
/// A [`Worker`](crate::Worker) sends the messages, in this or another process.
///
/// ```
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_outbox::{Envelope, MemoryStore, Outbox, State};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let outbox = Outbox::new(MemoryStore::new());
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
/// outbox.enqueue(Envelope::new("order-4711", "teams", request)).await?;
/// let stored = outbox.get(&"order-4711".into()).await?.unwrap();
/// assert_eq!(stored.head.state, State::Queued);
/// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Outbox<S: Store + ?Sized = dyn Store> {
    store: Arc<S>,
    backoff: Backoff,
    #[cfg(feature = "encryption")]
    keys: Option<Arc<ContentKeys>>,
}

impl<S: Store + ?Sized> Clone for Outbox<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            backoff: self.backoff,
            #[cfg(feature = "encryption")]
            keys: self.keys.clone(),
        }
    }
}

impl<S: Store> Outbox<S> {
    /// Creates an outbox on a store.
    pub fn new(store: S) -> Self {
        Self::shared(Arc::new(store))
    }

    /// Returns the same outbox without the type of its store.
    #[must_use]
    pub fn into_dyn(self) -> Outbox {
        Outbox {
            store: self.store,
            backoff: self.backoff,
            #[cfg(feature = "encryption")]
            keys: self.keys,
        }
    }
}

impl<S: Store + ?Sized> Outbox<S> {
    /// Creates an outbox on a shared store.
    pub fn shared(store: Arc<S>) -> Self {
        Self {
            store,
            backoff: Backoff::default(),
            #[cfg(feature = "encryption")]
            keys: None,
        }
    }

    /// Sets the pauses between the attempts of messages whose envelope sets none. Workers use those
    /// of the outbox with which they were built.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Encrypts the contents of messages that are enqueued from now on. Those that were stored
    /// without keys are still read. Every process that uses the outbox needs the same keys.
    #[cfg(feature = "encryption")]
    #[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
    #[must_use]
    pub fn with_keys(mut self, keys: ContentKeys) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &Arc<S> {
        &self.store
    }

    pub(crate) fn backoff(&self, head: &Head) -> Backoff {
        head.backoff.unwrap_or(self.backoff)
    }

    /// Enqueues a message. It is on disk when this returns.
    ///
    /// The same id with the same content is one message, however often it is enqueued.
    ///
    /// # Errors
    ///
    /// `Invalid` before any I/O; `Conflict` if the id belongs to another message; those of the
    /// store, after which it is unknown whether the message was stored: enqueue it again.
    pub async fn enqueue(&self, envelope: Envelope) -> Result<Inserted> {
        let inserted = self.enqueue_all([envelope]).await?;
        let missing = || OutboxError::new(OutboxErrorKind::Store, "the store returned no outcome");
        inserted.into_iter().next().ok_or_else(missing)
    }

    /// Enqueues several messages: all of them or, on an error, none.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue).
    pub async fn enqueue_all(
        &self,
        envelopes: impl IntoIterator<Item = Envelope>,
    ) -> Result<Vec<Inserted>> {
        let now = SystemTime::now();
        let prepared = envelopes.into_iter().map(|it| self.prepare_at(&it, now));
        let prepared = prepared.collect::<Result<Vec<_>>>()?;
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        self.store.insert(prepared).await
    }

    /// Checks an envelope and returns the form that a store takes, for stores that write it in a
    /// transaction of the caller.
    ///
    /// # Errors
    ///
    /// `Invalid` with every problem.
    pub fn prepare(&self, envelope: &Envelope) -> Result<NewMessage> {
        self.prepare_at(envelope, SystemTime::now())
    }

    fn prepare_at(&self, envelope: &Envelope, now: SystemTime) -> Result<NewMessage> {
        envelope.check()?;
        let content = self.seal(&envelope.id, envelope.content()?)?;
        let now = whole(now);
        let not_before = envelope.not_before.map(whole_up);
        let due_at = not_before.map_or(now, |it| it.max(now));
        let backoff = envelope.backoff.unwrap_or(self.backoff);
        let latest = after(due_at, backoff.give_up_after);
        let expires_at = envelope
            .expires_at
            .map_or(latest, |it| whole(it).min(latest));
        let head = Head {
            id: envelope.id.clone(),
            seq: 0,
            route: envelope.route.clone(),
            order_key: envelope.order_key.clone(),
            hash: content.hash,
            twin: content.twin,
            lane: content.lane,
            enqueued_at: now,
            not_before,
            expires_at,
            backoff: envelope.backoff,
            state: State::Queued,
            due_at,
            has_slot: false,
            owner: None,
            fence: 0,
            changed_at: now,
            attempts: 0,
            failures: 0,
            attempt: None,
            evidence: None,
            receipt: None,
            error: None,
            status: None,
            status_code: None,
            was_resent: false,
        };
        let content = Bytes::from(content.request);
        Ok(NewMessage { head, content })
    }

    #[cfg(feature = "encryption")]
    fn seal(&self, id: &EnvelopeId, content: Content) -> Result<Content> {
        let Some(keys) = &self.keys else {
            return Ok(content);
        };
        Ok(Content {
            request: keys.seal(id, &content.request)?,
            hash: keys.hash(content.hash),
            twin: keys.hash(content.twin),
            lane: keys.hash(content.lane),
        })
    }

    #[cfg(not(feature = "encryption"))]
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "as with encryption"
    )]
    fn seal(&self, _: &EnvelopeId, content: Content) -> Result<Content> {
        Ok(content)
    }

    /// Returns the request of a stored message; `None` after it was erased.
    ///
    /// # Errors
    ///
    /// `Damaged` if it cannot be read, `Sealed` if the outbox lacks the key with which it is encrypted;
    /// the error says which, by its `ContentKey::id`.
    pub fn request(&self, message: &StoredMessage) -> Result<Option<SendRequest>> {
        let Some(content) = &message.content else {
            return Ok(None);
        };
        let id = &message.head.id;
        #[cfg(feature = "encryption")]
        if keys::is_sealed(content) {
            let keys = self.keys.as_ref();
            let keys = keys.ok_or_else(|| keys::without_keys(id, content))?;
            return read(id, &keys.open(id, content)?).map(Some);
        }
        read(id, content).map(Some)
    }

    /// Returns a message.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        id.check()?;
        self.store.get(id).await
    }

    /// Waits until no worker has anything left to do for a message, or for `longest`, and returns it
    /// as it is then: sent, refused, expired, cancelled or unconfirmed, or still
    /// [pending](State::is_pending) after `longest`.
    ///
    /// It asks the store at least four times a second. For many messages use
    /// [`WorkerBuilder::with_observer`](crate::WorkerBuilder::with_observer) or [`list`](Self::list).
    ///
    /// ```
    /// use std::time::Duration;
    /// use ms_messenger_core::{CancelHandle, MemoryMessenger, SendRequest, Target};
    /// use ms_messenger_outbox::{Envelope, MemoryStore, Outbox, Route, State, Worker};
    ///
    /// # tokio::runtime::Builder::new_multi_thread().enable_time().build()?.block_on(async {
    /// let outbox = Outbox::new(MemoryStore::new()).into_dyn();
    /// let worker = Worker::builder(outbox.clone())
    ///     .with_route("memory", Route::new(MemoryMessenger::new()))
    ///     .build();
    /// let stop = CancelHandle::new();
    /// let running = tokio::spawn({
    ///     let stop = stop.clone();
    ///     async move { worker.run(&stop).await }
    /// });
    ///
    /// let request = SendRequest::new(Target::conversation("1"), "hello");
    /// outbox.enqueue(Envelope::new("greeting", "memory", request)).await?;
    /// let head = outbox.wait(&"greeting".into(), Duration::from_secs(30)).await?;
    /// assert_eq!(head.state, State::Sent);
    ///
    /// stop.cancel();
    /// running.await.unwrap()?;
    /// # Ok::<(), ms_messenger_outbox::OutboxError>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `NotFound`, and those of the store.
    pub async fn wait(&self, id: &EnvelopeId, longest: Duration) -> Result<Head> {
        const LONGEST_PAUSE: Duration = Duration::from_millis(250);
        let deadline = Deadline::new(Some(longest), None);
        let mut pause = Duration::from_millis(4);
        loop {
            let Some(message) = self.get(id).await? else {
                return Err(not_found(id));
            };
            let left = deadline.remaining().unwrap_or(LONGEST_PAUSE);
            if !message.head.state.is_pending() || left.is_zero() {
                return Ok(message.head);
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Lists messages in the order in which they were enqueued, a page at a time.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        self.store.list(query).await
    }

    /// Counts the messages by route and state.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn counts(&self) -> Result<Vec<Count>> {
        self.store.counts().await
    }

    /// Cancels a queued message, so that it is not sent: no attempt is in progress, and no earlier
    /// one has sent it.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state, e.g. when an attempt has begun; those of the store.
    pub async fn cancel(&self, id: &EnvelopeId) -> Result<Head> {
        self.step(id, Step::Cancel).await
    }

    /// Queues a message again that is refused, expired or unconfirmed. It then expires after the
    /// [time to give up](Backoff::give_up_after), counted from now. An unconfirmed message can be sent
    /// twice in this way: [`settle`](Self::settle) it first. It then [`was_resent`](Head::was_resent), and may
    /// have been sent even if it ends as refused, expired or cancelled.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state.
    pub async fn retry(&self, id: &EnvelopeId) -> Result<Head> {
        let Some(message) = self.get(id).await? else {
            return Err(not_found(id));
        };
        let give_up_after = self.backoff(&message.head).give_up_after;
        let expires_at = Some(after(SystemTime::now(), give_up_after));
        let step = Step::Retry {
            expires_at,
            is_absent: false,
        };
        self.step(id, step).await
    }

    /// Marks an unconfirmed message as sent, e.g. because the caller has seen it in the conversation.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state.
    pub async fn confirm(&self, id: &EnvelopeId, receipt: Option<Receipt>) -> Result<Head> {
        self.step(id, Step::Confirm { receipt }).await
    }

    /// Marks an unconfirmed message as refused: it was not sent, and is not to be sent.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state.
    pub async fn give_up(&self, id: &EnvelopeId) -> Result<Head> {
        self.step(id, Step::GiveUp).await
    }

    /// Asks the platform about an unconfirmed message, and applies the verdict: if the message is
    /// found, it becomes sent; if it is proven absent, it is queued again; else it stays unconfirmed.
    /// `messenger` is that of its route.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state; those of the store.
    pub async fn settle(&self, id: &EnvelopeId, messenger: &dyn Messenger) -> Result<Settled> {
        let Some(message) = self.get(id).await? else {
            return Err(not_found(id));
        };
        if message.head.state != State::Unconfirmed {
            let text = format!("a message that is {} cannot be settled", message.head.state);
            let error = OutboxError::new(OutboxErrorKind::NotAllowed, text).with_id(id);
            return Err(error.with_state(message.head.state));
        }
        let (Some(request), Some(evidence)) =
            (self.request(&message)?, self.evidence(&message.head).await?)
        else {
            let why = "nothing is stored by which the platform could be asked";
            return Ok(Settled::cannot_tell(messenger.platform().to_owned(), why));
        };
        let settled = messenger.settle(&request, &evidence).await;
        match &settled {
            Settled::Found(receipt)
                if self.is_ambiguous(&message.head, &evidence, receipt).await? =>
            {
                return Ok(Settled::cannot_tell(
                    messenger.platform().to_owned(),
                    AMBIGUOUS,
                ));
            }
            Settled::Found(receipt) => {
                let receipt = Some(receipt.clone());
                self.step(id, Step::Confirm { receipt }).await?;
            }
            Settled::NotFound => {
                let step = Step::Retry {
                    expires_at: None,
                    is_absent: true,
                };
                self.step(id, step).await?;
            }
            _ => {}
        }
        Ok(settled)
    }

    /// Raises the status of a sent message to what the platform reported later, e.g. delivered or
    /// read. Returns how many messages have this id.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn report(&self, report: &Report) -> Result<u64> {
        self.store.report(report).await
    }

    /// Pauses a route for every worker.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn pause(&self, route: &str, pause: Duration) -> Result<()> {
        self.store
            .pause(route, after(SystemTime::now(), pause))
            .await
    }

    /// Ends the pause of a route.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn resume(&self, route: &str) -> Result<()> {
        self.store.pause(route, SystemTime::UNIX_EPOCH).await
    }

    /// Deletes messages in a [final](State::is_final) state. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn purge(&self, purge: &Purge) -> Result<u64> {
        self.store.purge(purge).await
    }

    async fn step(&self, id: &EnvelopeId, step: Step) -> Result<Head> {
        id.check()?;
        self.apply(Change::by_person(id.clone(), step)).await
    }

    pub(crate) async fn apply(&self, change: Change) -> Result<Head> {
        let mut applied = self.store.apply(vec![change]).await?;
        applied.pop().unwrap_or_else(|| {
            let text = "the store returned no outcome";
            Err(OutboxError::new(OutboxErrorKind::Store, text))
        })
    }
}

fn read(id: &EnvelopeId, content: &[u8]) -> Result<SendRequest> {
    let damaged = || {
        let text = "the stored request cannot be read";
        OutboxError::new(OutboxErrorKind::Damaged, text).with_id(id)
    };
    let text = std::str::from_utf8(content).map_err(|error| damaged().with_source(error))?;
    SendRequest::from_json(text).map_err(|error| damaged().with_source(error))
}

pub(crate) fn not_found(id: &EnvelopeId) -> OutboxError {
    OutboxError::new(OutboxErrorKind::NotFound, "there is no such message").with_id(id)
}
