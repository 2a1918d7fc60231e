//! Workers that die, and workers that are stopped for longer than their lease.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{CancelHandle, Messenger, Receipt, SendRequest};
use ms_messenger_outbox::{
    Beat, Budget, Change, Claim, OutboxErrorKind, Route, State, Step, WorkerId,
};
use tokio::sync::Notify;

use crate::platform::{Next, Platform, ROUTE, envelope, head, outbox, until, worker};

/// Runs a worker until a send hangs, then kills it.
async fn killed(outbox: &ms_messenger_outbox::Outbox, platform: &Platform) {
    let victim = worker(outbox, platform).build();
    let running = tokio::spawn(async move { victim.run(&CancelHandle::new()).await });
    platform.hangs().await;
    running.abort();
    let _ = running.await;
}

#[tokio::test]
async fn a_message_in_flight_is_settled_after_its_worker_died() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::HangsAfter);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    killed(&outbox, &platform).await;
    assert_eq!(head(&outbox, "a").await.state, State::Sending);
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn a_message_that_had_not_left_is_sent_after_its_worker_died() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::HangsBefore);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    killed(&outbox, &platform).await;
    let died_at = SystemTime::now();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let sent = head(&outbox, "a").await;
    assert_eq!(sent.state, State::Sent);
    assert_eq!(platform.texts(), ["x"]);
    // Not before the last moment at which the dead worker could have sent it.
    assert!(sent.changed_at > died_at + Duration::from_millis(250));
}

#[tokio::test]
async fn a_message_in_doubt_of_a_mute_platform_is_unconfirmed_after_a_crash() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    platform.then(Next::HangsAfter);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    killed(&outbox, &platform).await;
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Unconfirmed);
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn a_worker_that_was_silent_for_a_lease_changes_nothing_any_more() {
    let outbox = outbox();
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let (store, silent) = (outbox.store(), WorkerId::random());
    let lease = Duration::from_millis(50);
    assert!(
        store
            .beat(&Beat::new(silent.clone(), lease, true))
            .await
            .unwrap()
    );
    let claim = Claim::new(silent.clone(), ROUTE, 1, SystemTime::now());
    let claimed = store.claim(&claim).await.unwrap();
    let mine = &claimed.messages[0].head;

    let platform = Platform::new();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert!(
        !store
            .beat(&Beat::new(silent.clone(), lease, false))
            .await
            .unwrap()
    );
    let due_at = SystemTime::now();
    let change = Change::by_worker(mine, &silent, Step::Release { due_at });
    let refused = store
        .apply(vec![change])
        .await
        .unwrap()
        .remove(0)
        .unwrap_err();
    assert_eq!(refused.kind(), OutboxErrorKind::LeaseLost);
    assert_eq!(platform.texts(), ["x"]);
}

/// The runtime of the worker stands still, as a process does between SIGSTOP and SIGCONT, after it
/// has claimed a message and before the message leaves.
#[test]
fn a_worker_that_stood_still_for_its_lease_sends_nothing_when_it_goes_on() {
    let (outbox, platform) = (outbox(), Platform::new());
    let single = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    single().block_on(async { outbox.enqueue(envelope("a", "x")).await.unwrap() });

    let slow = ms_messenger_outbox::Worker::builder(outbox.clone())
        .with_route(
            ROUTE,
            Route::new(StandsStill(platform.clone())).with_budget(Budget::default()),
        )
        .with_lease(Duration::from_millis(200))
        .with_grace(Duration::ZERO)
        .build();
    let other = outbox.clone();
    let rescue = platform.clone();
    let thread = std::thread::spawn(move || {
        single().block_on(async {
            until(&other, "a", State::Queued).await;
            worker(&other, &rescue)
                .build()
                .run_until_empty()
                .await
                .unwrap();
        });
    });
    let stop = CancelHandle::new();
    single().block_on(async {
        let _ = tokio::time::timeout(Duration::from_millis(1500), slow.run(&stop)).await;
    });
    thread.join().unwrap();
    assert_eq!(platform.texts(), ["x"]);
}

/// Stands still for longer than the lease before the message leaves.
#[derive(Clone, Debug)]
struct StandsStill(Platform);

#[ms_messenger_core::async_trait]
impl Messenger for StandsStill {
    fn platform(&self) -> &str {
        ROUTE
    }

    fn capabilities(&self) -> ms_messenger_core::Capabilities {
        self.0.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> ms_messenger_core::Result<Receipt> {
        // Blocks the thread: nothing of this runtime goes on.
        std::thread::sleep(Duration::from_millis(900));
        self.0.send(request).await
    }

    async fn settle(
        &self,
        request: &SendRequest,
        evidence: &ms_messenger_core::Evidence,
    ) -> ms_messenger_core::Settled {
        self.0.settle(request, evidence).await
    }
}

#[tokio::test]
async fn a_sole_owner_waits_for_no_lease_of_a_killed_worker() {
    let (outbox, platform) = (outbox(), Platform::new());
    let store = outbox.store();
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let killed = WorkerId::random();
    let lease = Duration::from_secs(3600);
    let first = Beat::new(killed.clone(), lease, true);
    assert!(store.beat(&first).await.unwrap());
    let claim = Claim::new(killed.clone(), ROUTE, 1, SystemTime::now());
    assert_eq!(store.claim(&claim).await.unwrap().messages.len(), 1);

    let owner = worker(&outbox, &platform).with_sole_ownership(true).build();
    let running = owner.run_until_empty();
    tokio::time::timeout(Duration::from_secs(60), running)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert_eq!(platform.texts(), ["x"]);
    // The killed one has no session any more, and opens none again.
    assert!(!store.beat(&first).await.unwrap());
}

#[tokio::test]
async fn a_sole_owner_settles_no_earlier_what_a_killed_worker_began() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::HangsBefore);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    killed(&outbox, &platform).await;
    let died_at = SystemTime::now();
    let owner = worker(&outbox, &platform).with_sole_ownership(true).build();
    owner.run_until_empty().await.unwrap();
    let sent = head(&outbox, "a").await;
    assert_eq!((sent.state, platform.texts().len()), (State::Sent, 1));
    assert!(sent.changed_at > died_at + Duration::from_millis(250));
}

/// As a store does whose leases end by a clock that was set forward.
#[tokio::test]
async fn a_worker_whose_lease_ended_too_early_sends_nothing() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let gate = Gate {
        platform: platform.clone(),
        came: Arc::default(),
        opens: Arc::default(),
    };
    let route = Route::new(gate.clone()).with_budget(Budget::default());
    let old = worker(&outbox, &platform)
        .with_route(ROUTE, route)
        .with_lease(Duration::from_secs(3600))
        .build();
    let stop = CancelHandle::new();
    let running = stop.clone();
    let running = tokio::spawn(async move { old.run(&running).await });
    gate.came.notified().await;
    let session = outbox.store().sessions().await.unwrap().remove(0);
    assert!(
        outbox
            .store()
            .bury(&session, SystemTime::now())
            .await
            .unwrap()
    );
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(platform.texts(), ["x"]);
    let sent = head(&outbox, "a").await;

    gate.opens.notify_one();
    gate.came.notified().await;
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(platform.texts(), ["x"]);
    assert_eq!(head(&outbox, "a").await, sent);
}

/// A platform that sends when it is told, and says when it has begun and when it has ended.
#[derive(Clone, Debug)]
struct Gate {
    platform: Platform,
    came: Arc<Notify>,
    opens: Arc<Notify>,
}

#[ms_messenger_core::async_trait]
impl Messenger for Gate {
    fn platform(&self) -> &str {
        ROUTE
    }

    fn capabilities(&self) -> ms_messenger_core::Capabilities {
        self.platform.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> ms_messenger_core::Result<Receipt> {
        self.came.notify_one();
        self.opens.notified().await;
        let sent = self.platform.send(request).await;
        assert!(sent.is_err(), "{sent:?}");
        self.came.notify_one();
        sent
    }

    async fn settle(
        &self,
        request: &SendRequest,
        evidence: &ms_messenger_core::Evidence,
    ) -> ms_messenger_core::Settled {
        self.platform.settle(request, evidence).await
    }
}
