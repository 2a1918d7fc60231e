//! A commit that comes through, and whose response is lost.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use ms_messenger_core::Evidence;
use ms_messenger_outbox::{
    Attempt, Beat, Change, Claim, Head, Inserted, Outbox, OutboxErrorKind, PostgresStore, State,
    Step, Store as _, WorkerId,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};

use super::{
    envelope,
    server::{Server, schema},
};

/// Stands before a server, and breaks the connection when the next COMMIT was executed.
struct Breaker {
    folder: tempfile::TempDir,
    is_armed: Arc<AtomicBool>,
}

impl Breaker {
    fn start(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let is_armed = Arc::new(AtomicBool::new(false));
        let (target, armed) = (server.folder().join(".s.PGSQL.5432"), Arc::clone(&is_armed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target.clone(), Arc::clone(&armed)));
            }
        });
        Self { folder, is_armed }
    }

    fn url(&self, server: &Server) -> String {
        let url = server.url();
        let (base, _) = url.split_once("?host=").unwrap();
        format!("{base}?host={}", self.folder.path().display())
    }

    fn arm(&self) {
        self.is_armed.store(true, Ordering::SeqCst);
    }

    fn has_broken(&self) -> bool {
        !self.is_armed.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: UnixStream, target: PathBuf, armed: Arc<AtomicBool>) {
    let mut server = UnixStream::connect(target).await.unwrap();
    let (mut asked, mut said) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                server.write_all(&asked[..count]).await.unwrap();
                let is_commit = asked[..count].windows(7).any(|it| it == b"COMMIT\0");
                if is_commit && armed.swap(false, Ordering::SeqCst) {
                    // Its response comes when it is executed, and is dropped.
                    let _ = server.read(&mut said).await;
                    return;
                }
            }
            read = server.read(&mut said) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&said[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn claim(store: &PostgresStore, worker: &WorkerId) -> ms_messenger_outbox::Result<Vec<Head>> {
    let now = SystemTime::now() + Duration::from_secs(1);
    let claim = Claim::new(worker.clone(), "memory", 10, now);
    let claimed = store.claim(&claim).await?;
    Ok(claimed.messages.into_iter().map(|it| it.head).collect())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn nothing_happens_twice_and_nothing_is_lost() {
    let server = Server::start().await;
    let breaker = Breaker::start(&server);
    let builder = PostgresStore::builder().with_schema(schema());
    let store = builder.connect(&breaker.url(&server)).await.unwrap();
    let outbox = Outbox::new(store);
    let store = outbox.store();
    let is_unavailable = |kind| assert_eq!(kind, OutboxErrorKind::Unavailable);

    breaker.arm();
    let lost = outbox.enqueue(envelope("a")).await.unwrap_err();
    is_unavailable(lost.kind());
    assert!(breaker.has_broken());
    let inserted = outbox.enqueue(envelope("a")).await.unwrap();
    assert_eq!(inserted, Inserted::Same(State::Queued));

    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(store.beat(&beat).await.unwrap());
    breaker.arm();
    is_unavailable(claim(store, &worker).await.unwrap_err().kind());
    let stored = outbox.get(&"a".into()).await.unwrap().unwrap().head;
    assert_eq!(stored.owner, Some(worker.clone()), "it came through");
    let claimed = claim(store, &worker).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].fence, 2);
    assert!(claim(store, &worker).await.unwrap().is_empty());

    let now = SystemTime::now();
    let begin = Step::Begin(Attempt::new(Evidence::new(now), now, now));
    let begun = store.apply(vec![Change::by_worker(&claimed[0], &worker, begin)]);
    let begun = begun.await.unwrap().remove(0).unwrap();
    let sent = Step::Sent {
        receipt: None,
        erase: false,
        attempts: 1,
    };
    let sent = Change::by_worker(&begun, &worker, sent);
    breaker.arm();
    is_unavailable(store.apply(vec![sent.clone()]).await.unwrap_err().kind());
    let again = store.apply(vec![sent]).await.unwrap().remove(0);
    assert_eq!(again.unwrap_err().kind(), OutboxErrorKind::LeaseLost);
    let stored = outbox.get(&"a".into()).await.unwrap().unwrap().head;
    assert_eq!((stored.state, stored.attempts), (State::Sent, 1));
}
