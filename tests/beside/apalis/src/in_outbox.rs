//! The outbox.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Acceptance, Capabilities, Evidence, MemoryMessenger, Messenger, Receipt, SendRequest, Settled,
    Target, async_trait,
};
use ms_messenger_outbox::{
    Beat, Budget, Claim, Envelope, Outbox, PostgresStore, Route, SqliteStore, Store, Worker,
    WorkerId,
};

use tokio::sync::OnceCell;

use crate::contender::{Contender, postgres, text};

const SCHEMA: &str = "outbox_beside";

/// An outbox, and the session of a worker that takes single messages, once it has taken one: until then,
/// the worker that finishes all is alone.
pub(crate) struct Opened<S: Store + ?Sized> {
    outbox: Outbox<S>,
    worker: OnceCell<WorkerId>,
}

impl<S: Store + ?Sized> Opened<S> {
    fn new(outbox: Outbox<S>) -> Self {
        let worker = OnceCell::new();
        Self { outbox, worker }
    }

    async fn worker(&self) -> &WorkerId {
        let open = || async {
            let worker = WorkerId::random();
            let beat = Beat::new(worker.clone(), Duration::from_secs(3600), true);
            assert!(self.outbox.store().beat(&beat).await.unwrap());
            worker
        };
        self.worker.get_or_init(open).await
    }

    async fn hand_over(&self, first: usize, count: usize) {
        let messages = (first..first + count).map(|i| {
            let request = SendRequest::new(Target::conversation("19:abc@thread.v2"), text());
            Envelope::new(format!("job-{i}"), "beside", request)
        });
        self.outbox.enqueue_all(messages).await.unwrap();
    }

    async fn next(&self) {
        let worker = self.worker().await.clone();
        let claim = Claim::new(worker, "beside", 1, SystemTime::now());
        let claimed = self.outbox.store().claim(&claim).await.unwrap();
        assert_eq!(claimed.messages.len(), 1);
    }
}

async fn finish(outbox: Outbox<dyn Store>) {
    let route = Route::new(Accepts)
        .with_budget(Budget::default())
        .with_concurrency(64);
    let worker = Worker::builder(outbox).with_route("beside", route);
    worker.build().run_until_empty().await.unwrap();
}

#[derive(Clone)]
pub(crate) struct OutboxSqlite(Arc<Opened<SqliteStore>>);

impl Contender for OutboxSqlite {
    async fn open(folder: &Path) -> Self {
        let folder = tempfile::tempdir_in(folder).unwrap().keep();
        let store = SqliteStore::open(folder.join("outbox.db")).await.unwrap();
        Self(Arc::new(Opened::new(Outbox::new(store))))
    }

    async fn hand_over(&self, first: usize, count: usize) {
        self.0.hand_over(first, count).await;
    }

    async fn finish(&self, _: usize) {
        finish(self.0.outbox.clone().into_dyn()).await;
    }

    async fn next(&self) {
        self.0.next().await;
    }

    async fn server(&self) -> Option<u32> {
        None
    }
}

#[derive(Clone)]
pub(crate) struct OutboxPostgres(Arc<Opened<PostgresStore>>);

impl Contender for OutboxPostgres {
    async fn open(_: &Path) -> Self {
        crate::in_apalis::drop_schema(SCHEMA).await;
        let store = PostgresStore::builder().with_schema(SCHEMA);
        let store = store.connect(&postgres()).await.unwrap();
        Self(Arc::new(Opened::new(Outbox::new(store))))
    }

    async fn hand_over(&self, first: usize, count: usize) {
        self.0.hand_over(first, count).await;
    }

    async fn finish(&self, _: usize) {
        finish(self.0.outbox.clone().into_dyn()).await;
    }

    async fn next(&self) {
        self.0.next().await;
    }

    async fn server(&self) -> Option<u32> {
        crate::in_apalis::server().await
    }
}

/// Accepts every message, and keeps none.
#[derive(Debug)]
struct Accepts;

#[async_trait]
impl Messenger for Accepts {
    fn platform(&self) -> &str {
        "beside"
    }

    fn capabilities(&self) -> Capabilities {
        MemoryMessenger::new().capabilities()
    }

    async fn send(&self, request: &SendRequest) -> ms_messenger_core::Result<Receipt> {
        if let Some(journal) = &request.journal {
            let evidence = Evidence::new(SystemTime::now());
            journal.attempt_begins(&evidence).await?;
        }
        let id = ms_messenger_core::random_uuid().to_string();
        Ok(Receipt::new(Acceptance::Posted).with_message_id(id))
    }

    async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
        Settled::NotFound
    }
}
