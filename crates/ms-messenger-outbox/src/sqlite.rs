//! A store in a SQLite database.

mod apply;
mod claim;
mod control;
mod enqueue;
mod error;
mod file;
mod foreign;
mod insert;
mod known;
mod line;
mod open_file;
mod operation;
mod order;
mod read;
mod routes;
mod row;
mod schema;
mod sought;
mod statement;
mod watch;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use sqlx::{ConnectOptions as _, SqlitePool, sqlite::SqliteConnectOptions};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::{
    change::Change,
    envelope::Hash,
    error::Result,
    id::EnvelopeId,
    message::{Head, NewMessage, StoredMessage},
    sqlite::{
        error::{OrStoreError as _, closed},
        foreign::Content,
        open_file::OpenFile,
        operation::{Operation, Request, Response},
        routes::Routes,
        sought::Sought,
        watch::Watch,
        writer::Writer,
    },
    store::{Beat, Claim, Claimed, Count, Inserted, Purge, Query, Report, Session, Store, Twins},
};

/// A store in a SQLite database: one file, which any number of processes can share. SQLite is built
/// in.
///
/// What is stored survives the process and a loss of power: the database is in WAL mode with
/// `synchronous=FULL`. Operations that wait at the same time are committed together.
///
/// Two indexes are created when they are first needed, so that other users need not write them: one by
/// the first [`report`](crate::Outbox::report), and one when a message is first settled. With a million
/// messages stored, each takes 2 to 8 seconds, during which nothing else is written.
///
/// The contents of messages can be read by whoever can read the file; it is created for its owner
/// only (mode 0600). Other programs can read the view `ms_outbox`.
///
/// ```
/// use ms_messenger_core::{SendRequest, Target};
/// use ms_messenger_outbox::{Envelope, Outbox, SqliteStore, State};
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("outbox.db");
/// let outbox = Outbox::new(SqliteStore::open(&path).await?);
/// let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), "shipped");
/// outbox.enqueue(Envelope::new("order-4711", "teams", request)).await?;
///
/// let later = Outbox::new(SqliteStore::open(&path).await?);
/// let stored = later.get(&"order-4711".into()).await?.unwrap();
/// assert_eq!(stored.head.state, State::Queued);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    operations: mpsc::Sender<Operation>,
    pool: SqlitePool,
    file: Arc<OpenFile>,
    watch: Watch,
    /// Whether there is the index of [`Sought::MessageIds`], as far as this store knows.
    has_message_ids: AtomicBool,
    /// The same of [`Sought::Twins`].
    has_twins: AtomicBool,
}

/// How many operations may wait for the writer before their callers wait, too.
const WAITING: usize = 4096;

impl SqliteStore {
    /// Opens a database file. It is created if there is none, and its tables are brought up to date.
    /// Its directory exists.
    ///
    /// A database of another program is left as it is. To have the tables in a database of your own, use
    /// [`with_pool`](Self::with_pool) or [`create_tables`](Self::create_tables) once.
    ///
    /// # Errors
    ///
    /// `Unavailable` if the file cannot be opened, `ReadOnly` if it cannot be written to,
    /// `NewerSchema`, `Damaged` if it is not a database, and `NoOutbox` if it is that of another program,
    /// or can be no file.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        file::create(path)?;
        match foreign::look(path).await? {
            (Content::Foreign, _) => Err(foreign::refused()),
            (_, options) => Self::open_file(options).await,
        }
    }

    /// Opens a database file that holds an outbox. Nothing is created; tables of an earlier version are
    /// brought up to date.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and `NoOutbox` if there is no file, or no outbox in it.
    pub async fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.try_exists().is_ok_and(|it| !it) {
            return Err(foreign::missing());
        }
        match foreign::look(path).await? {
            (Content::Outbox, options) => Self::open_file(options).await,
            (Content::Nothing, _) => Err(foreign::empty()),
            (Content::Foreign, _) => Err(foreign::refused()),
        }
    }

    async fn open_file(options: SqliteConnectOptions) -> Result<Self> {
        let options = file::durable(options);
        let pool = file::pool(&options);
        Self::start(pool, options).await
    }

    /// Uses the database of a pool, in which the caller has tables as well, so that
    /// [`Outbox::enqueue_in`](crate::Outbox::enqueue_in) can be part of the caller's transactions.
    /// The database is a file. The tables of the outbox, which begin with `ms_outbox`, are created
    /// or brought up to date.
    ///
    /// The database is set to WAL mode. The store writes with a connection of its own, with the
    /// options of the pool and `synchronous=FULL`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn with_pool(pool: SqlitePool) -> Result<Self> {
        let options = file::durable(pool.connect_options().as_ref().clone());
        Self::start(pool, options).await
    }

    /// Creates the tables of the outbox in a database, or brings them up to date, e.g. among the
    /// migrations of the caller. [`open`](Self::open) and [`with_pool`](Self::with_pool) do it, too.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn create_tables(pool: &SqlitePool) -> Result<()> {
        let mut conn = pool.acquire().await.or_store_error()?;
        schema::migrate(&mut conn, schema::MIGRATIONS).await
    }

    async fn start(pool: SqlitePool, options: SqliteConnectOptions) -> Result<Self> {
        let mut conn = options.connect().await.or_store_error()?;
        let file = Arc::new(OpenFile::new(options.get_filename()));
        schema::migrate(&mut conn, schema::MIGRATIONS).await?;
        let changed = Arc::new(Notify::new());
        let (sender, operations) = mpsc::channel(WAITING);
        let writer = Writer {
            conn,
            file: Arc::clone(&file),
            operations,
            changed: Arc::clone(&changed),
            routes: Routes::default(),
        };
        tokio::spawn(writer.run());
        Ok(Self {
            operations: sender,
            pool,
            file,
            watch: Watch::new(options, changed),
            has_message_ids: AtomicBool::new(false),
            has_twins: AtomicBool::new(false),
        })
    }

    /// Has the writer do something, and waits until it is on disk.
    async fn call(&self, request: Request) -> Result<Response> {
        let (reply, response) = oneshot::channel();
        let operation = Operation { request, reply };
        let sent = self.operations.send(operation).await;
        sent.map_err(|_| closed())?;
        response.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Creates an index that is looked for, unless there is one.
    async fn index(&self, sought: Sought, exists: &AtomicBool) -> Result<()> {
        if exists.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !sought.exists(self.pool()?).await? {
            self.done(Request::Index(sought)).await?;
        }
        exists.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The connections that read.
    fn pool(&self) -> Result<&SqlitePool> {
        self.file.check()?;
        Ok(&self.pool)
    }

    async fn count(&self, request: Request) -> Result<u64> {
        match self.call(request).await? {
            Response::Count(count) => Ok(count),
            _ => Err(closed()),
        }
    }

    async fn done(&self, request: Request) -> Result<bool> {
        match self.call(request).await? {
            Response::Done(is_done) => Ok(is_done),
            _ => Err(closed()),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
        match self.call(Request::Insert(messages)).await? {
            Response::Inserted(inserted) => Ok(inserted),
            _ => Err(closed()),
        }
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        match self.call(Request::Claim(claim.clone())).await? {
            Response::Claimed(claimed) => Ok(claimed),
            _ => Err(closed()),
        }
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>> {
        match self.call(Request::Apply(changes)).await? {
            Response::Applied(applied) => Ok(applied),
            _ => Err(closed()),
        }
    }

    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        read::get(self.pool()?, id).await
    }

    async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        read::list(self.pool()?, query).await
    }

    async fn counts(&self) -> Result<Vec<Count>> {
        read::counts(self.pool()?).await
    }

    async fn has_pending(&self, route: &str) -> Result<bool> {
        read::has_pending(self.pool()?, route).await
    }

    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
        self.index(Sought::Twins, &self.has_twins).await?;
        read::twins(self.pool()?, twin, except).await
    }

    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
        read::being_sent(self.pool()?, twin, except).await
    }

    async fn report(&self, report: &Report) -> Result<u64> {
        self.index(Sought::MessageIds, &self.has_message_ids)
            .await?;
        self.count(Request::Report(report.clone())).await
    }

    async fn purge(&self, purge: &Purge) -> Result<u64> {
        self.count(Request::Purge(purge.clone())).await
    }

    async fn pause(&self, route: &str, until: SystemTime) -> Result<()> {
        let request = Request::Pause(route.to_owned(), until);
        self.done(request).await.map(drop)
    }

    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64> {
        self.count(Request::Recall(route.to_owned(), now)).await
    }

    async fn beat(&self, beat: &Beat) -> Result<bool> {
        self.done(Request::Beat(beat.clone())).await
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        read::sessions(self.pool()?).await
    }

    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool> {
        self.done(Request::Bury(session.clone(), now)).await
    }

    async fn changed(&self, longest: Duration) {
        let _ = tokio::time::timeout(longest, self.watch.changed()).await;
    }
}
