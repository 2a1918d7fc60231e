//! A write that comes through, and whose response is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use ms_messenger_core::Evidence;
use ms_messenger_outbox::{
    Attempt, Beat, Change, Claim, Inserted, Outbox, State, Step, Store as _, WorkerId,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{
    envelope,
    server::{Server, bucket, builder, shared},
};

/// Stands before a server, and breaks the connection when the server has got a write.
struct Breaker {
    url: String,
    state: Arc<Armed>,
}

#[derive(Default)]
struct Armed {
    /// The beginning of the write.
    text: Mutex<Option<String>>,
    broken: AtomicU32,
}

impl Breaker {
    async fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("nats://{}", listener.local_addr().unwrap());
        let target = server.url().replace("nats://", "");
        let state = Arc::new(Armed::default());
        let armed = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target.clone(), Arc::clone(&armed)));
            }
        });
        Self { url, state }
    }

    fn arm(&self, text: String) {
        *self.state.text.lock().unwrap() = Some(text);
    }

    fn broken(&self) -> u32 {
        self.state.broken.load(Ordering::SeqCst)
    }
}

impl Armed {
    fn breaks(&self, asked: &[u8]) -> bool {
        let mut text = self.text.lock().unwrap();
        let is_it = |text: &String| {
            let bytes = text.as_bytes();
            asked.windows(bytes.len()).any(|it| it == bytes)
        };
        if !text.as_ref().is_some_and(is_it) {
            return false;
        }
        *text = None;
        self.broken.fetch_add(1, Ordering::SeqCst);
        true
    }
}

async fn pass(mut client: TcpStream, target: String, armed: Arc<Armed>) {
    let mut server = TcpStream::connect(target).await.unwrap();
    let (mut asked, mut said) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                server.write_all(&asked[..count]).await.unwrap();
                if armed.breaks(&asked[..count]) {
                    // Its response comes when it is stored, and is dropped.
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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn nothing_happens_twice_and_nothing_is_lost() {
    let (server, bucket) = (shared().await, bucket());
    let breaker = Breaker::start(server).await;
    let store = builder(&bucket).connect(&breaker.url).await.unwrap();
    let outbox = Outbox::new(store);
    let store = outbox.store();
    let head = || format!("HPUB $KV.{bucket}.m.");

    breaker.arm(head());
    let inserted = outbox.enqueue(envelope("a")).await.unwrap();
    assert_eq!((inserted, breaker.broken()), (Inserted::New, 1));
    breaker.arm(format!("HPUB $KV.{bucket}.g."));
    let group = ["b", "c"].map(|it| envelope(it).with_not_before(SystemTime::now() + HOUR));
    let inserted = outbox.enqueue_all(group).await.unwrap();
    assert_eq!((inserted, breaker.broken()), (vec![Inserted::New; 2], 2));

    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(store.beat(&beat).await.unwrap());
    breaker.arm(head());
    let now = SystemTime::now() + Duration::from_secs(1);
    let claim = Claim::new(worker.clone(), "memory", 10, now);
    let claimed = store.claim(&claim).await.unwrap().messages;
    assert_eq!((claimed.len(), breaker.broken()), (1, 3));
    assert_eq!(claimed[0].head.fence, 1);

    let now = SystemTime::now();
    let begin = Step::Begin(Attempt::new(Evidence::new(now), now, now));
    breaker.arm(head());
    let begun = Change::by_worker(&claimed[0].head, &worker, begin);
    let begun = store.apply(vec![begun]).await.unwrap().remove(0).unwrap();
    let sent = Step::Sent {
        receipt: None,
        erase: true,
        attempts: 1,
    };
    let sent = Change::by_worker(&begun, &worker, sent);
    breaker.arm(head());
    let sent = store.apply(vec![sent]).await.unwrap().remove(0).unwrap();
    assert_eq!(
        (sent.state, sent.attempts, breaker.broken()),
        (State::Sent, 1, 5)
    );
    let stored = outbox.get(&"a".into()).await.unwrap().unwrap();
    assert_eq!((stored.head, stored.content), (sent, None));
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn a_claim_that_is_dropped_keeps_no_message() {
    let (server, bucket) = (shared().await, bucket());
    let outbox = Outbox::new(super::server::open(&server.url(), &bucket).await);
    let store = outbox.store();
    let group = (0..50).map(|it| envelope(it.to_string()));
    outbox.enqueue_all(group).await.unwrap();
    let worker = WorkerId::random();
    let beat = Beat::new(worker.clone(), Duration::from_secs(30), true);
    assert!(store.beat(&beat).await.unwrap());
    let now = SystemTime::now() + Duration::from_secs(1);
    let claim = Claim::new(worker, "memory", 50, now);
    for micros in (0..20_000).step_by(500) {
        let dropped = tokio::time::timeout(Duration::from_micros(micros), store.claim(&claim));
        if let Ok(claimed) = dropped.await {
            // It was not dropped in time: the messages are given back as a worker would.
            for message in claimed.unwrap().messages {
                let due_at = SystemTime::UNIX_EPOCH;
                let step = Step::Release { due_at };
                let owner = message.head.owner.clone().unwrap();
                let change = Change::by_worker(&message.head, &owner, step);
                store.apply(vec![change]).await.unwrap().remove(0).unwrap();
            }
        }
    }
    let claimed = store.claim(&claim).await.unwrap().messages;
    assert_eq!(claimed.len(), 50);
}
