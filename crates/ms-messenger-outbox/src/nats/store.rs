//! The store itself.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use tokio::{sync::Mutex, time::timeout};

use super::{
    bucket::Bucket,
    builder::NatsStoreBuilder,
    change,
    claim::{self, Doubts},
    core::Core,
    insert,
    mirror::Mirror,
    purge, read, session,
};
use crate::{
    change::Change,
    envelope::Hash,
    error::Result,
    id::EnvelopeId,
    message::{Head, NewMessage, StoredMessage},
    store::{Beat, Claim, Claimed, Count, Inserted, Purge, Query, Report, Session, Store, Twins},
};

/// A store in NATS JetStream (2.9 or later), for workers on several machines.
///
/// Messages are entries of a key-value bucket, and their contents of a second one. Each handle keeps
/// an index of all messages in memory, about 500 bytes for each, and follows the bucket: purge
/// messages that are final.
///
/// A server acknowledges what the operating system has, and writes it to the disk later (its
/// `sync_interval`, two minutes by default). A process or a server that dies loses nothing; a machine
/// that loses power does. With three [replicas](NatsStoreBuilder::with_replicas) on machines that do
/// not fail together nothing is lost either.
///
/// ```no_run
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_outbox::{Envelope, NatsStore, Outbox};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = NatsStore::connect("nats://127.0.0.1:4222").await?;
/// let outbox = Outbox::new(store);
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
/// outbox.enqueue(Envelope::new("order-4711", "teams", request)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NatsStore {
    core: Core,
    claiming: Mutex<Doubts>,
}

impl NatsStore {
    /// Connects to a server, e.g. `nats://user:password@host:4222`, with one replica in the bucket
    /// `ms_messenger_outbox`.
    ///
    /// # Errors
    ///
    /// As [`NatsStoreBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::builder().connect(url).await
    }

    /// Begins to open a store with other settings.
    pub fn builder() -> NatsStoreBuilder {
        NatsStoreBuilder::default()
    }

    pub(super) fn new(bucket: Bucket, contents: Bucket) -> Self {
        let mirror = Mirror::new(bucket.clone());
        let core = Core {
            bucket,
            contents,
            mirror,
            swept: AtomicU64::new(0),
        };
        Self {
            core,
            claiming: Mutex::default(),
        }
    }
}

#[async_trait]
impl Store for NatsStore {
    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
        insert::insert(&self.core, messages).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        let mut doubts = self.claiming.lock().await;
        claim::claim(&self.core, &mut doubts, claim).await
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>> {
        Ok(change::apply(&self.core, &changes).await)
    }

    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        read::get(&self.core, id).await
    }

    async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        read::list(&self.core, query).await
    }

    async fn counts(&self) -> Result<Vec<Count>> {
        read::counts(&self.core).await
    }

    async fn has_pending(&self, route: &str) -> Result<bool> {
        self.core.mirror.sync().await?;
        Ok(self.core.mirror.index().has_pending(route))
    }

    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
        read::twins(&self.core, twin, except).await
    }

    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
        read::being_sent(&self.core, twin, except).await
    }

    async fn report(&self, report: &Report) -> Result<u64> {
        change::report(&self.core, report).await
    }

    async fn purge(&self, purge: &Purge) -> Result<u64> {
        purge::purge(&self.core, purge).await
    }

    async fn pause(&self, route: &str, until: SystemTime) -> Result<()> {
        session::pause(&self.core, route, until).await
    }

    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64> {
        session::recall(&self.core, route, now).await
    }

    async fn beat(&self, beat: &Beat) -> Result<bool> {
        session::beat(&self.core, beat).await
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        session::list(&self.core).await
    }

    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool> {
        session::bury(&self.core, session, now).await
    }

    async fn changed(&self, longest: Duration) {
        let _ = timeout(longest, self.core.mirror.changed()).await;
    }
}
