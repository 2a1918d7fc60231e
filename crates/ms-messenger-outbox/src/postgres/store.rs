//! The store.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use sqlx::PgPool;

use super::{apply, builder::PostgresBuilder, claim, insert, read, session, together};
use super::{database::Database, listen::Changes};
use crate::{
    change::Change,
    envelope::Hash,
    error::Result,
    id::EnvelopeId,
    message::{Head, NewMessage, StoredMessage},
    store::{Beat, Claim, Claimed, Count, Inserted, Purge, Query, Report, Session, Store, Twins},
};

/// A store in a PostgreSQL database, version 15 or later, for workers on any number of machines.
///
/// * Claims lock rows with `SKIP LOCKED`, and take the next ones from an index: they do not wait for
///   each other, and cost the same however many messages wait.
/// * Rates, pauses and sessions are rows: all workers on the database share them.
/// * Changes of messages that are made at the same time share a transaction, up to 500 of them: a
///   commit waits for the disk once for all.
/// * A change is announced with `NOTIFY`. Where that does not get through, workers poll.
/// * Tables are in a schema of their own. Opening the store creates it, or brings it to the version
///   of this crate.
///
/// # Durability
///
/// A call returns when its transaction is on disk: `synchronous_commit` is switched on for it where
/// the database has it `off`. The server needs its default `fsync = on`.
///
/// # A lost connection
///
/// Transactions that the server rolled back because of a deadlock or a conflict are made again. If
/// the connection breaks, the call fails with [`Unavailable`](crate::OutboxErrorKind::Unavailable),
/// and it is unknown whether a commit that was under way came through. Each call may be repeated:
///
/// * The same messages handed over again are [`Same`](Inserted::Same).
/// * A worker's change names its lease. If it was made, the repeated one finds the message without
///   that lease, or in the state it led to, and is refused: nothing happens twice. Beginning an
///   attempt again is allowed under its own idempotency key only.
/// * Messages that were claimed, and whose response was lost, are given back by the next claim of
///   the worker.
///
/// # Poolers
///
/// Behind a pooler in transaction mode, e.g. `PgBouncer`, open it with
/// [`with_pooler`](PostgresBuilder::with_pooler).
///
/// # TLS
///
/// The feature `rustls-ring` builds it in; so does a dependency on `sqlx` with one of its features
/// `tls-*`. To a server on another machine, [`connect`](PostgresBuilder::connect) sends nothing in
/// clear. `sslmode` in the address says what is demanded:
///
/// | `sslmode` | On this machine | On another machine |
/// |---|---|---|
/// | `prefer` (default) | TLS if the server offers it | as `require` |
/// | `require` | TLS, whatever the certificate | the same |
/// | `verify-full` | TLS, with a certificate of a trusted authority for that host | the same |
/// | `verify-ca` | as `verify-full`: the driver compares the host, too | the same |
/// | `disable`, `allow` | no TLS | an error before anything is sent |
///
/// Trusted are the authorities of the system (on Linux, those of `SSL_CERT_FILE`), and those in
/// `sslrootcert=FILE`. Use `verify-full` in a network that others share: `require` protects from
/// listeners only. A pool of the application is used as it is.
///
/// ```no_run
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_outbox::{Envelope, Outbox, PostgresStore};
///
/// # async fn run() -> ms_messenger_outbox::Result<()> {
/// let url = "postgres://app:secret@db.example/app?sslmode=verify-full";
/// let store = PostgresStore::connect(url).await?;
/// let outbox = Outbox::new(store);
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
/// outbox.enqueue(Envelope::new("order-4711", "teams", request)).await?;
/// # Ok(()) }
/// ```
pub struct PostgresStore {
    pub(super) database: Arc<Database>,
    pub(super) changes: Changes,
}

impl PostgresStore {
    /// Connects to a database, and opens the store in it with the defaults of
    /// [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// As [`PostgresBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self> {
        Self::builder().connect(url).await
    }

    /// Starts to open a store with other settings, or on a pool of the application.
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::new()
    }

    /// Returns the pool.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// Wakes those who wait in this process after a change was made.
    fn wake<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_ok() {
            self.changes.wake();
        }
        result
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.database.channel)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
        self.wake(insert::insert(&self.database, &messages).await)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        claim::claim(&self.database, claim).await
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>> {
        self.wake(together::change(&self.database, changes).await)
    }

    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        read::get(&self.database, id).await
    }

    async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        read::list(&self.database, query).await
    }

    async fn counts(&self) -> Result<Vec<Count>> {
        read::counts(&self.database).await
    }

    async fn has_pending(&self, route: &str) -> Result<bool> {
        read::has_pending(&self.database, route).await
    }

    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
        read::twins(&self.database, twin, except).await
    }

    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
        read::being_sent(&self.database, twin, except).await
    }

    async fn report(&self, report: &Report) -> Result<u64> {
        apply::report(&self.database, report).await
    }

    async fn purge(&self, purge: &Purge) -> Result<u64> {
        read::purge(&self.database, purge).await
    }

    async fn pause(&self, route: &str, until: SystemTime) -> Result<()> {
        self.wake(session::pause(&self.database, route, until).await)
    }

    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64> {
        session::recall(&self.database, route, now).await
    }

    async fn beat(&self, beat: &Beat) -> Result<bool> {
        session::beat(&self.database, beat).await
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        session::sessions(&self.database).await
    }

    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool> {
        self.wake(session::bury(&self.database, session, now).await)
    }

    async fn changed(&self, longest: Duration) {
        self.changes.wait(longest).await;
    }
}
