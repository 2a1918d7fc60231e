//! The outbox: hands messages over, and says what became of them.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use ms_messenger_core::{Evidence, Messenger, Receipt, SendRequest, Settled};

#[cfg(feature = "encryption")]
use crate::keys::{self, ContentKeys};
use crate::{
    backoff::Backoff,
    change::Change,
    envelope::{Content, Envelope},
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    message::{Head, NewMessage, StoredMessage},
    settling,
    state::State,
    step::Step,
    store::{Count, Inserted, Purge, Query, Report, Store},
    time::{after, whole},
};

/// An outbox on a store. Clones share it.
///
/// [`Worker`](crate::Worker) sends what is in it, in this or another process.
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

    /// Sets the pauses between the attempts of messages that have none of their own.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Encrypts the contents of messages that are handed over from now on. Those that were stored
    /// without keys are still read. Every process of the outbox needs the same keys.
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

    /// Hands a message over. It is on disk when this returns.
    ///
    /// The same id with the same content is one message, however often it is handed over.
    ///
    /// # Errors
    ///
    /// `Invalid` before any I/O; `Conflict` if the id belongs to another message; those of the
    /// store, after which it is unknown whether the message was stored: hand it over again.
    pub async fn enqueue(&self, envelope: Envelope) -> Result<Inserted> {
        let inserted = self.enqueue_all([envelope]).await?;
        let missing = || OutboxError::new(OutboxErrorKind::Store, "the store returned no outcome");
        inserted.into_iter().next().ok_or_else(missing)
    }

    /// Hands several messages over: all of them or, on an error, none.
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
        let due_at = envelope.not_before.map_or(now, whole).max(now);
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
    /// `Damaged` if it cannot be read, `Sealed` if it cannot be decrypted.
    pub fn request(&self, message: &StoredMessage) -> Result<Option<SendRequest>> {
        let Some(content) = &message.content else {
            return Ok(None);
        };
        let id = &message.head.id;
        #[cfg(feature = "encryption")]
        if keys::is_sealed(content) {
            let unknown = || {
                let text = "the stored content is sealed, and the outbox has no keys";
                OutboxError::new(OutboxErrorKind::Sealed, text).with_id(id)
            };
            let keys = self.keys.as_ref().ok_or_else(unknown)?;
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

    /// Lists messages in the order in which they were handed over.
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

    /// Cancels a message whose first attempt has not begun.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` if it is too late.
    pub async fn cancel(&self, id: &EnvelopeId) -> Result<Head> {
        self.step(id, Step::Cancel).await
    }

    /// Queues a message again that is refused, expired or unconfirmed. An unconfirmed one may so be
    /// sent twice: [`settle`](Self::settle) it first.
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
        self.step(id, Step::Retry { expires_at }).await
    }

    /// Notes that an unconfirmed message was sent.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state.
    pub async fn confirm(&self, id: &EnvelopeId, receipt: Option<Receipt>) -> Result<Head> {
        self.step(id, Step::Confirm { receipt }).await
    }

    /// Notes that an unconfirmed message was not sent and is not to be sent.
    ///
    /// # Errors
    ///
    /// `NotFound`; `NotAllowed` in another state.
    pub async fn give_up(&self, id: &EnvelopeId) -> Result<Head> {
        self.step(id, Step::GiveUp).await
    }

    /// Asks the platform about an unconfirmed message, and notes a verdict: found ones are sent,
    /// and those that are proven absent are queued again.
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
            Settled::Found(receipt) => {
                let receipt = Some(receipt.clone());
                self.step(id, Step::Confirm { receipt }).await?;
            }
            Settled::NotFound => {
                self.step(id, Step::Retry { expires_at: None }).await?;
            }
            _ => {}
        }
        Ok(settled)
    }

    /// What settling needs: of the error, or of the attempt that was on disk before it began, with
    /// what is known of equal messages.
    pub(crate) async fn evidence(&self, head: &Head) -> Result<Option<Evidence>> {
        let Some(mut evidence) = settling::evidence(head) else {
            return Ok(None);
        };
        let twins = self.store.twins(&head.twin, &head.id).await?;
        settling::add_twins(&mut evidence, twins);
        Ok(Some(evidence))
    }

    /// Raises the status of a sent message, as the platform reported it. Returns how many messages
    /// have this id.
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

    /// Deletes messages that nothing can happen to any more. Returns how many.
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
