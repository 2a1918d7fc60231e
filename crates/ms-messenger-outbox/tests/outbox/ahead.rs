//! Messages that a worker has claimed ahead, and that wait for their turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{
    CancelHandle, Capabilities, ErrorKind, Evidence, Messenger, Receipt, Result, SendRequest,
    Settled, async_trait,
};
use ms_messenger_outbox::{
    Budget, Envelope, Head, Outbox, OutboxErrorKind, Query, Rate, Route, State, Worker,
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

use crate::platform::{Next, Platform, ROUTE, envelope, head, outbox, worker};

/// How many messages pass before the others have to wait.
const PASS: usize = 200;
pub(crate) const AT_A_TIME: usize = 4;

/// A platform that takes many messages at once, and then lets the others wait for a gate.
#[derive(Clone, Debug)]
pub(crate) struct Gated {
    pub(crate) platform: Platform,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    started: AtomicUsize,
    is_full: Notify,
    gate: Semaphore,
}

impl Gated {
    pub(crate) fn new() -> Self {
        Self {
            platform: Platform::new(),
            shared: Arc::new(Shared {
                started: AtomicUsize::new(0),
                is_full: Notify::new(),
                gate: Semaphore::new(PASS),
            }),
        }
    }

    fn started(&self) -> usize {
        self.shared.started.load(Ordering::SeqCst)
    }

    /// Waits until as many sends as are allowed wait at the gate.
    async fn is_full(&self) {
        self.shared.is_full.notified().await;
    }

    pub(crate) fn opens(&self) {
        self.shared.gate.add_permits(1_000_000);
    }
}

#[async_trait]
impl Messenger for Gated {
    fn platform(&self) -> &str {
        ROUTE
    }

    fn capabilities(&self) -> Capabilities {
        self.platform.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let started = self.shared.started.fetch_add(1, Ordering::SeqCst) + 1;
        if started == PASS + AT_A_TIME {
            self.shared.is_full.notify_one();
        }
        let passed = self.shared.gate.acquire().await;
        passed.unwrap().forget();
        self.platform.send(request).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.platform.settle(request, evidence).await
    }
}

/// A worker with a long lease.
fn patient(outbox: &Outbox, gated: &Gated, budget: Budget) -> Worker {
    let route = Route::new(gated.clone())
        .with_budget(budget)
        .with_concurrency(u32::try_from(AT_A_TIME).unwrap());
    worker(outbox, &gated.platform)
        .with_route(ROUTE, route)
        .with_lease(Duration::from_secs(60))
        .with_attempt_timeout(Duration::from_secs(60))
        .with_grace(Duration::from_secs(60))
        .build()
}

/// Starts a worker, and waits until it has claimed more than it can send.
pub(crate) async fn ahead(outbox: &Outbox, gated: &Gated) -> (JoinHandle<()>, CancelHandle) {
    let (worker, stop) = (
        patient(outbox, gated, Budget::default()),
        CancelHandle::new(),
    );
    let handle = stop.clone();
    let running = tokio::spawn(async move { worker.run(&handle).await.unwrap() });
    gated.is_full().await;
    // A claim may be under way.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(
        owned(outbox).await.len() > AT_A_TIME,
        "nothing was claimed ahead"
    );
    (running, stop)
}

fn envelopes(count: usize) -> impl Iterator<Item = Envelope> {
    (0..count).map(|i| envelope(&format!("m{i}"), &format!("{i}")))
}

async fn all(outbox: &Outbox) -> Vec<Head> {
    outbox.list(&Query::new().with_limit(1000)).await.unwrap()
}

/// What workers have.
async fn owned(outbox: &Outbox) -> Vec<Head> {
    let all = all(outbox).await.into_iter();
    all.filter(|it| it.owner.is_some()).collect()
}

/// Waits until workers have so many messages.
pub(crate) async fn until_owned(outbox: &Outbox, count: usize) {
    while owned(outbox).await.len() != count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs another worker until everything is sent. Each text went out once.
async fn each_is_sent_once(outbox: &Outbox, platform: &Platform, count: usize) {
    let other = worker(outbox, platform).build();
    other.run_until_empty().await.unwrap();
    let mut texts: Vec<usize> = platform
        .texts()
        .iter()
        .map(|it| it.parse().unwrap())
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, (0..count).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_waits_for_long_is_given_back_for_others() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox.enqueue_all(envelopes(300)).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    until_owned(&outbox, AT_A_TIME).await;
    // They are as they were: the next in turn.
    let waiting = all(&outbox).await.into_iter();
    let waiting = waiting.filter(|it| it.state == State::Queued && it.owner.is_none());
    let waiting: Vec<Head> = waiting.collect();
    assert_eq!(waiting.len(), 300 - PASS - AT_A_TIME);
    assert!(
        waiting
            .iter()
            .all(|it| it.due_at == it.enqueued_at && it.attempts == 0)
    );
    gated.opens();
    each_is_sent_once(&outbox, &gated.platform, 300).await;
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_stopped_worker_gives_back_at_once_what_waits() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox.enqueue_all(envelopes(300)).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    stop.cancel();
    // Long before the grace of the running sends has passed.
    until_owned(&outbox, AT_A_TIME).await;
    assert!(!running.is_finished());
    gated.opens();
    running.await.unwrap();
    assert_eq!(gated.started(), PASS + AT_A_TIME);
    each_is_sent_once(&outbox, &gated.platform, 300).await;
}

#[tokio::test]
async fn nothing_that_waits_is_sent_during_a_pause() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox.enqueue_all(envelopes(300)).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    let hour = Duration::from_secs(3600);
    gated
        .platform
        .then(Next::Fails(ErrorKind::RateLimited, Some(hour)));
    gated.opens();
    until_owned(&outbox, 0).await;
    assert_eq!(gated.started(), PASS + AT_A_TIME);
    let sent = gated.platform.texts().len();
    assert_eq!(sent, PASS + AT_A_TIME - 1);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_is_cancelled_while_it_waits_is_not_sent() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox.enqueue_all(envelopes(300)).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    let claimed = owned(&outbox).await;
    for head in &claimed {
        outbox.cancel(&head.id).await.unwrap();
    }
    gated.opens();
    while all(&outbox).await.iter().any(|it| !it.state.is_final()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.cancel();
    running.await.unwrap();
    for cancelled in &claimed {
        let id = cancelled.id.as_str();
        assert_eq!(head(&outbox, id).await.state, State::Cancelled);
        let text = id.trim_start_matches('m').to_owned();
        assert!(!gated.platform.texts().contains(&text), "{id} was sent");
    }
    assert_eq!(gated.platform.texts().len(), 300 - claimed.len());
}

#[tokio::test]
async fn what_expires_while_it_waits_is_not_sent() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox
        .enqueue_all(envelopes(PASS + AT_A_TIME))
        .await
        .unwrap();
    let soon = SystemTime::now() + Duration::from_millis(1500);
    let expiring = (0..100).map(|i| {
        let id = format!("expires{i}");
        envelope(&id, "expired").with_expires_at(soon)
    });
    outbox.enqueue_all(expiring).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    while SystemTime::now() <= soon {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    gated.opens();
    while all(&outbox).await.iter().any(|it| !it.state.is_final()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.cancel();
    running.await.unwrap();
    let expired = all(&outbox).await.into_iter();
    let expired = expired.filter(|it| it.state == State::Expired);
    assert_eq!(expired.count(), 100);
    assert!(!gated.platform.texts().contains(&"expired".to_owned()));
}

#[tokio::test]
async fn what_waits_in_a_lost_session_is_sent_by_another_worker_alone() {
    let (outbox, gated) = (outbox(), Gated::new());
    outbox.enqueue_all(envelopes(300)).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    let claimed = owned(&outbox).await;
    let session = outbox.store().sessions().await.unwrap().remove(0);
    let is_buried = outbox.store().bury(&session, SystemTime::now()).await;
    assert!(is_buried.unwrap());
    gated.opens();
    // The worker has not noticed yet: it starts what waits, and the store refuses each attempt.
    let began = Instant::now();
    while gated.started() < PASS + claimed.len() && began.elapsed() < Duration::from_secs(1) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.abort();
    let _ = running.await;
    assert_eq!(gated.platform.texts().len(), PASS);
    let change = ms_messenger_outbox::Change::by_worker(
        &claimed[0],
        &session.worker,
        ms_messenger_outbox::Step::Expire,
    );
    let late = outbox.store().apply(vec![change]).await.unwrap().remove(0);
    assert_eq!(late.unwrap_err().kind(), OutboxErrorKind::LeaseLost);
    each_is_sent_once(&outbox, &gated.platform, 300).await;
    stop.cancel();
}

#[tokio::test]
async fn nothing_is_claimed_ahead_of_a_rate() {
    let rate = Rate::new(Duration::from_nanos(1), 1_000_000);
    for budget in [
        Budget::default().with_route(Some(rate)),
        Budget::default().with_target(Some(rate)),
    ] {
        let (outbox, gated) = (outbox(), Gated::new());
        outbox.enqueue_all(envelopes(300)).await.unwrap();
        let (worker, stop) = (patient(&outbox, &gated, budget), CancelHandle::new());
        let handle = stop.clone();
        let running = tokio::spawn(async move { worker.run(&handle).await.unwrap() });
        gated.is_full().await;
        assert_eq!(owned(&outbox).await.len(), AT_A_TIME);
        stop.cancel();
        gated.opens();
        running.await.unwrap();
    }
}
