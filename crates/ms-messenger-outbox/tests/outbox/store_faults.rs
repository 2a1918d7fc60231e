//! A store that fails once, in each way, at each step of a worker: no message is left behind with a
//! worker that goes on.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use ms_messenger_core::{CancelHandle, ErrorKind, async_trait};
use ms_messenger_outbox::{
    Backoff, Beat, Change, Claim, Claimed, Count, EnvelopeId, Hash, Head, Inserted, MemoryStore,
    NewMessage, Outbox, OutboxError, OutboxErrorKind, Purge, Query, Report, Result, Session, State,
    Step, Store, StoredMessage, Twins,
};

use crate::ahead::{AT_A_TIME, Gated, ahead, until_owned};
use crate::platform::{Next, Platform, envelope, worker};

/// What happens to a call.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// Whether the changes are made, and only the response is lost.
    is_made: bool,
    /// Whether each change has an error of its own.
    is_inner: bool,
}

const FAULTS: [Fault; 4] = [
    Fault {
        is_made: false,
        is_inner: false,
    },
    Fault {
        is_made: false,
        is_inner: true,
    },
    Fault {
        is_made: true,
        is_inner: false,
    },
    Fault {
        is_made: true,
        is_inner: true,
    },
];

/// A store that fails the first call with a step.
#[derive(Debug, Default)]
pub(crate) struct Faulty {
    store: MemoryStore,
    step: &'static str,
    fault: Mutex<Option<Fault>>,
    /// Whether it fails again and again.
    is_full: AtomicBool,
    /// By how much the clock of a claim is ahead: it is set back before the messages are sent.
    ahead: Duration,
}

/// An outbox whose claims are made by a clock that is set back each time before the messages are sent.
pub(crate) fn claims_ahead(by: Duration) -> Outbox {
    let store: Arc<dyn Store> = Arc::new(Faulty {
        ahead: by,
        ..Faulty::default()
    });
    Outbox::shared(store)
}

fn name(step: &Step) -> &'static str {
    match step {
        Step::Begin(_) => "begin",
        Step::Doubt { .. } => "doubt",
        Step::Sent { .. } => "sent",
        Step::Refuse { .. } => "refuse",
        Step::Requeue { .. } => "requeue",
        Step::Park { .. } => "park",
        Step::Expire => "expire",
        Step::Release { .. } => "release",
        _ => "another",
    }
}

fn lost() -> OutboxError {
    OutboxError::new(OutboxErrorKind::Unavailable, "the connection was lost")
}

#[async_trait]
impl Store for Faulty {
    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>> {
        let is_meant = changes.iter().any(|it| name(&it.step) == self.step);
        let fault = is_meant
            .then(|| self.fault.lock().unwrap().take())
            .flatten();
        if is_meant && self.is_full.load(Ordering::Acquire) {
            return Err(lost());
        }
        let Some(fault) = fault else {
            return self.store.apply(changes).await;
        };
        let count = changes.len();
        if fault.is_made {
            self.store.apply(changes).await?;
        }
        if !fault.is_inner {
            return Err(lost());
        }
        Ok((0..count).map(|_| Err(lost())).collect())
    }

    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
        self.store.insert(messages).await
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        let mut claim = claim.clone();
        claim.now += self.ahead;
        self.store.claim(&claim).await
    }

    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        self.store.get(id).await
    }

    async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        self.store.list(query).await
    }

    async fn counts(&self) -> Result<Vec<Count>> {
        self.store.counts().await
    }

    async fn has_pending(&self, route: &str) -> Result<bool> {
        self.store.has_pending(route).await
    }

    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
        self.store.twins(twin, except).await
    }

    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
        self.store.being_sent(twin, except).await
    }

    async fn report(&self, report: &Report) -> Result<u64> {
        self.store.report(report).await
    }

    async fn purge(&self, purge: &Purge) -> Result<u64> {
        self.store.purge(purge).await
    }

    async fn pause(&self, route: &str, until: SystemTime) -> Result<()> {
        self.store.pause(route, until).await
    }

    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64> {
        self.store.recall(route, now).await
    }

    async fn beat(&self, beat: &Beat) -> Result<bool> {
        self.store.beat(beat).await
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        self.store.sessions().await
    }

    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool> {
        self.store.bury(session, now).await
    }

    async fn changed(&self, longest: Duration) {
        self.store.changed(longest).await;
    }
}

/// An outbox on a store that fails so.
fn outbox(step: &'static str, fault: Fault) -> (Arc<Faulty>, Outbox) {
    let store = Arc::new(Faulty {
        store: MemoryStore::new(),
        step,
        fault: Mutex::new(Some(fault)),
        is_full: AtomicBool::new(false),
        ahead: Duration::ZERO,
    });
    let backoff =
        Backoff::default().with_pauses(Duration::from_millis(2), Duration::from_millis(10));
    let shared: Arc<dyn Store> = Arc::<Faulty>::clone(&store);
    (store, Outbox::shared(shared).with_backoff(backoff))
}

/// Runs a worker on messages, with a fault at the first call with a step, until all are final: in
/// one session, that of the worker that saw the fault. Returns how many ended in each state.
async fn ends(
    step: &'static str,
    fault: Fault,
    platform: &Platform,
    messages: usize,
) -> BTreeMap<State, usize> {
    let (store, outbox) = outbox(step, fault);
    let envelopes = (0..messages).map(|i| envelope(&format!("m{i}"), &format!("{i}")));
    outbox.enqueue_all(envelopes).await.unwrap();
    // Its lease is longer than the test may take: nobody else helps.
    let observed: Arc<Mutex<BTreeMap<EnvelopeId, State>>> = Arc::default();
    let noted = Arc::clone(&observed);
    let worker = worker(&outbox, platform)
        .with_lease(Duration::from_secs(600))
        .with_observer(move |head| {
            noted.lock().unwrap().insert(head.id.clone(), head.state);
        });
    let (worker, stop) = (worker.build(), CancelHandle::new());
    let handle = stop.clone();
    let running = tokio::spawn(async move { worker.run(&handle).await.unwrap() });
    let query = Query::new().with_limit(1000);
    let began = SystemTime::now();
    let ended = loop {
        let all = outbox.list(&query).await.unwrap();
        let is_done = |it: &Head| it.state.is_final() || it.state == State::Unconfirmed;
        if store.fault.lock().unwrap().is_none() && all.iter().all(is_done) {
            break all;
        }
        let left = all.iter().find(|it| !is_done(it));
        let took = began.elapsed().unwrap_or_default();
        assert!(
            took < Duration::from_secs(60),
            "{step}, {fault:?}: {left:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    stop.cancel();
    running.await.unwrap();
    let mut texts = platform.texts();
    texts.sort_unstable();
    let sent = texts.len();
    texts.dedup();
    assert_eq!(texts.len(), sent, "{step}, {fault:?}: sent twice");
    let stored = ended.iter().map(|it| (it.id.clone(), it.state));
    let stored: BTreeMap<EnvelopeId, State> = stored.collect();
    assert_eq!(*observed.lock().unwrap(), stored, "{step}, {fault:?}");
    let mut states = BTreeMap::new();
    for head in ended {
        *states.entry(head.state).or_default() += 1;
    }
    states
}

/// Tries each fault at a step of a message that ends as `expected`.
async fn each_fault(step: &'static str, platform: fn() -> Platform, expected: State) {
    for fault in FAULTS {
        let states = ends(step, fault, &platform(), 3).await;
        let all = BTreeMap::from([(expected, 3)]);
        let first = BTreeMap::from([(expected, 1), (State::Sent, 2)]);
        assert!(states == all || states == first, "{fault:?}: {states:?}");
    }
}

#[tokio::test]
async fn an_attempt_that_cannot_be_noted_begins_again() {
    each_fault("begin", Platform::new, State::Sent).await;
}

#[tokio::test]
async fn an_outcome_that_cannot_be_noted_is_noted_later() {
    each_fault("sent", Platform::new, State::Sent).await;
}

#[tokio::test]
async fn a_failure_that_cannot_be_noted_is_retried() {
    let fails = || {
        let platform = Platform::new();
        platform.then(Next::Fails(ErrorKind::Transport, None));
        platform
    };
    each_fault("requeue", fails, State::Sent).await;
}

#[tokio::test]
async fn a_doubt_that_cannot_be_noted_is_settled() {
    let loses = || {
        let platform = Platform::new();
        platform.then(Next::LosesResponse).then(Next::LosesRequest);
        platform
    };
    each_fault("doubt", loses, State::Sent).await;
}

#[tokio::test]
async fn a_refusal_that_cannot_be_noted_is_noted_later() {
    let refuses = || {
        let platform = Platform::new();
        platform.then(Next::Fails(ErrorKind::InvalidRequest, None));
        platform
    };
    each_fault("refuse", refuses, State::Refused).await;
}

#[tokio::test]
async fn a_message_that_cannot_be_parked_is_parked_later() {
    let mute = || {
        let platform = Platform::new().mute();
        platform.then(Next::LosesResponse);
        platform
    };
    each_fault("park", mute, State::Unconfirmed).await;
}

#[tokio::test]
async fn what_waits_and_cannot_be_given_back_is_given_back_later() {
    for fault in FAULTS {
        let (store, outbox) = outbox("release", fault);
        let gated = Gated::new();
        let envelopes = (0..300).map(|i| envelope(&format!("m{i}"), &format!("{i}")));
        outbox.enqueue_all(envelopes).await.unwrap();
        let (running, stop) = ahead(&outbox, &gated).await;
        let given_back = until_owned(&outbox, AT_A_TIME);
        let given_back = tokio::time::timeout(Duration::from_secs(60), given_back).await;
        assert!(given_back.is_ok(), "{fault:?}: the worker keeps messages");
        assert!(store.fault.lock().unwrap().is_none());
        gated.opens();
        while !outbox
            .counts()
            .await
            .unwrap()
            .iter()
            .all(|it| it.state == State::Sent)
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(gated.platform.texts().len(), 300);
        stop.cancel();
        running.await.unwrap();
    }
}

#[tokio::test]
async fn a_worker_that_is_stopped_does_not_wait_for_a_store_that_cannot_be_written_to() {
    let (store, outbox) = outbox("sent", FAULTS[0]);
    store.is_full.store(true, Ordering::Release);
    let platform = Platform::new();
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let build = || worker(&outbox, &platform).with_grace(Duration::from_millis(50));
    let (failed, mut failures) = tokio::sync::mpsc::unbounded_channel();
    let observed = build().with_store_observer(move |error| {
        let _ = failed.send(error.kind());
    });
    let (first, stop) = (observed.build(), CancelHandle::new());
    let handle = stop.clone();
    let running = tokio::spawn(async move { first.run(&handle).await });
    assert_eq!(failures.recv().await, Some(OutboxErrorKind::Unavailable));
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(60), running).await;
    let error = ended.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable);
    let left = outbox.get(&"a".into()).await.unwrap().unwrap().head;
    assert_eq!(left.state, State::Sending);

    store.is_full.store(false, Ordering::Release);
    build().build().run_until_empty().await.unwrap();
    let sent = outbox.get(&"a".into()).await.unwrap().unwrap().head;
    assert_eq!((sent.state, platform.texts().len()), (State::Sent, 1));
}
