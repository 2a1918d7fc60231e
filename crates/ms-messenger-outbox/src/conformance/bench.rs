//! Handles on one database, and what the rules do with them.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::random_uuid;

use super::{
    expect::{Broken, Outcome, some},
    sample::Sample,
};
use crate::{
    change::Change,
    error::Result,
    id::{EnvelopeId, WorkerId},
    message::{Head, NewMessage, StoredMessage},
    step::Step,
    store::{Beat, Claim, Claimed, Store},
    time::whole,
};

/// A future without its type.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Opens a handle.
type Open = dyn Fn() -> Boxed<'static, Result<Arc<dyn Store>>> + Send + Sync;

/// Handles on one database.
pub(super) struct Handles {
    open: Box<Open>,
    store: Arc<dyn Store>,
    other: Arc<dyn Store>,
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").finish_non_exhaustive()
    }
}

impl Handles {
    pub(super) async fn open<F, O>(open: F) -> Outcome<Self>
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<Arc<dyn Store>>> + Send + 'static,
    {
        let store = open().await?;
        let other = open().await?;
        let open = Box::new(move || -> Boxed<'static, _> { Box::pin(open()) });
        Ok(Self { open, store, other })
    }
}

/// What one rule works with: its own route, and two handles.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    handles: &'a Handles,
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) other: &'a Arc<dyn Store>,
    pub(super) route: String,
    /// An hour ago, without a fraction of a millisecond.
    pub(super) base: SystemTime,
}

impl<'a> Bench<'a> {
    pub(super) fn new(handles: &'a Handles, rule: &str) -> Self {
        Self {
            handles,
            store: &handles.store,
            other: &handles.other,
            route: format!("{rule} {}", random_uuid()),
            base: whole(SystemTime::now() - Duration::from_secs(3600)),
        }
    }

    /// A time after `base`.
    pub(super) fn at(&self, seconds: u64) -> SystemTime {
        self.base + Duration::from_secs(seconds)
    }

    /// Opens another handle.
    pub(super) async fn reopen(&self) -> Outcome<Arc<dyn Store>> {
        Ok((self.handles.open)().await?)
    }

    /// A message that is due at `base`.
    pub(super) fn message(&self, name: &str) -> Sample {
        Sample::new(&self.route, name, self.base)
    }

    /// The id of a message of this rule.
    pub(super) fn id(&self, name: &str) -> EnvelopeId {
        EnvelopeId::new(format!("{} {name}", self.route))
    }

    /// Inserts messages of these names.
    pub(super) async fn insert<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Outcome {
        let messages = names.into_iter().map(|it| self.message(it).into());
        self.insert_all(messages).await
    }

    pub(super) async fn insert_all(
        &self,
        messages: impl IntoIterator<Item = NewMessage>,
    ) -> Outcome {
        self.store.insert(messages.into_iter().collect()).await?;
        Ok(())
    }

    /// Opens a session.
    pub(super) async fn worker(&self) -> Outcome<WorkerId> {
        let worker = WorkerId::random();
        let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
        self.store.beat(&beat).await?;
        Ok(worker)
    }

    /// What a worker asks for, a second after `base`.
    pub(super) fn asks(&self, worker: &WorkerId, limit: u32) -> Claim {
        Claim::new(worker.clone(), &self.route, limit, self.at(1))
    }

    pub(super) async fn claim(&self, worker: &WorkerId, limit: u32) -> Outcome<Vec<Head>> {
        let claimed = self.store.claim(&self.asks(worker, limit)).await?;
        Ok(heads(&claimed))
    }

    /// The names of what is claimed.
    pub(super) async fn names(&self, claim: &Claim) -> Outcome<Vec<String>> {
        let claimed = self.store.claim(claim).await?;
        Ok(claimed.messages.iter().map(|it| self.name(it)).collect())
    }

    pub(super) fn name(&self, message: &StoredMessage) -> String {
        let id = message.head.id.as_str();
        let name = id.strip_prefix(&self.route).map(str::trim_start);
        name.unwrap_or(id).to_owned()
    }

    pub(super) async fn get(&self, name: &str) -> Outcome<StoredMessage> {
        some(
            self.store.get(&self.id(name)).await?,
            "a message that was inserted",
        )
    }

    /// Applies one change.
    pub(super) async fn apply(&self, change: Change) -> Result<Head> {
        let applied = self.store.apply(vec![change]).await?;
        applied.into_iter().next().unwrap_or_else(|| {
            let kind = crate::error::OutboxErrorKind::Store;
            let text = "apply returned no result for a change";
            Err(crate::error::OutboxError::new(kind, text))
        })
    }

    /// Makes steps of the worker that has the message, one after the other.
    pub(super) async fn steps(
        &self,
        head: &Head,
        steps: impl IntoIterator<Item = Step>,
    ) -> Outcome<Head> {
        let worker = some(head.owner.clone(), "an owner of a claimed message")?;
        let mut head = head.clone();
        for step in steps {
            head = self
                .apply(Change::by_worker(&head, &worker, step))
                .await
                .map_err(Broken::from)?;
        }
        Ok(head)
    }

    /// Makes the step of a person.
    pub(super) async fn by_person(&self, name: &str, step: Step) -> Outcome<Head> {
        let change = Change::by_person(self.id(name), step);
        Ok(self.apply(change).await?)
    }
}

pub(super) fn heads(claimed: &Claimed) -> Vec<Head> {
    claimed.messages.iter().map(|it| it.head.clone()).collect()
}
