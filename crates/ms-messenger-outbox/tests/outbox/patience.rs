//! For how long a platform is asked about a message, and how often.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use ms_messenger_core::{CancelHandle, Error, ErrorKind, Evidence};
use ms_messenger_outbox::{Attempt, Beat, Change, Claim, State, Step, WorkerId};

use crate::platform::{Next, Platform, ROUTE, envelope, head, leave_begun, outbox, worker};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rejected() -> Error {
    Error::new(ErrorKind::PermissionDenied, "the caller may not read").with_status(403)
}

#[tokio::test]
async fn a_question_that_is_rejected_or_has_an_unreadable_response_is_asked_again() {
    let answer = |kind, status| Error::new(kind, "it fails").with_status(status);
    for error in [
        rejected(),
        answer(ErrorKind::NotFound, 404),
        answer(ErrorKind::Conflict, 412),
        answer(ErrorKind::InvalidRequest, 400),
        answer(ErrorKind::Protocol, 302),
        Error::new(ErrorKind::Protocol, "it is not what the contract says"),
    ] {
        let (outbox, platform) = (outbox(), Platform::new());
        platform.then(Next::LosesResponse);
        platform.then_question_fails(error.clone());
        outbox.enqueue(envelope("a", "x")).await.unwrap();
        let worker = worker(&outbox, &platform).build();
        worker.run_until_empty().await.unwrap();
        assert_eq!(head(&outbox, "a").await.state, State::Sent, "{error}");
        assert_eq!(platform.texts(), ["x"]);
    }
}

#[tokio::test]
async fn a_question_that_is_always_rejected_is_given_up_sooner() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    for _ in 0..40 {
        platform.then_question_fails(rejected());
    }
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    // It would be asked for twenty times as long.
    let worker = worker(&outbox, &platform).with_settling_patience(Duration::from_secs(3));
    worker.build().run_until_empty().await.unwrap();
    let parked = head(&outbox, "a").await;
    assert_eq!(parked.state, State::Unconfirmed);
    assert_eq!(parked.error.unwrap()["message"], "the caller may not read");
    let asked = platform.asked();
    let took = *asked.last().unwrap() - asked[0];
    assert!(asked.len() > 1 && took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_send_under_a_key_that_is_rejected_for_a_while_is_repeated() {
    let kinds = [
        ErrorKind::PermissionDenied,
        ErrorKind::NotFound,
        ErrorKind::InvalidRequest,
    ];
    for kind in kinds {
        for lost in [Next::LosesResponse, Next::LosesRequest] {
            let (outbox, platform) = (outbox(), Platform::new().with_keys());
            platform.then(lost).then(Next::Rejects(kind, None));
            outbox.enqueue(envelope("a", "x")).await.unwrap();
            let worker = worker(&outbox, &platform).build();
            worker.run_until_empty().await.unwrap();
            assert_eq!(head(&outbox, "a").await.state, State::Sent, "{kind}");
            assert_eq!(platform.texts(), ["x"]);
        }
    }
}

#[tokio::test]
async fn no_message_is_asked_about_while_the_service_wants_no_questions() {
    let (outbox, platform) = (outbox(), Platform::new());
    let wait = Duration::from_millis(700);
    let error = Error::new(ErrorKind::RateLimited, "too many requests").with_retry_after(wait);
    platform.then_question_fails(error);
    for id in ["a", "b", "c"] {
        platform.then(Next::LosesResponse);
        outbox.enqueue(envelope(id, id)).await.unwrap();
    }
    // It is waited for, although the patience ends before.
    let worker = worker(&outbox, &platform).with_settling_patience(Duration::from_millis(300));
    worker.build().run_until_empty().await.unwrap();
    let asked = platform.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[1..].iter().all(|at| *at - asked[0] >= wait));
    for id in ["a", "b", "c"] {
        assert_eq!(head(&outbox, id).await.state, State::Sent);
    }
}

#[tokio::test]
async fn a_429_to_a_send_under_a_key_pauses_the_route_for_every_worker() {
    let (outbox, platform) = (outbox(), Platform::new().with_keys());
    let hour = Duration::from_secs(3600);
    let limited = Next::Rejects(ErrorKind::RateLimited, Some(hour));
    platform.then(Next::LosesResponse).then(limited);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let stop = CancelHandle::new();
    let seen = stop.clone();
    let worker = worker(&outbox, &platform).with_observer(move |head| {
        let message = head.error.as_ref().map(|it| it["message"].clone());
        if message == Some("the platform rejects it".into()) {
            seen.cancel();
        }
    });
    worker.build().run(&stop).await.unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sending);
    outbox.enqueue(envelope("b", "y")).await.unwrap();
    let other = WorkerId::random();
    let beat = Beat::new(other.clone(), hour, true);
    outbox.store().beat(&beat).await.unwrap();
    let claim = Claim::new(other, ROUTE, 9, SystemTime::now());
    let claimed = outbox.store().claim(&claim).await.unwrap();
    let queued = claimed
        .messages
        .iter()
        .filter(|it| it.head.state == State::Queued);
    assert_eq!(queued.count(), 0);
}

#[tokio::test]
async fn a_message_that_can_still_appear_is_waited_for_whatever_the_patience() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let now = SystemTime::now();
    let until = now + Duration::from_millis(600);
    leave_begun(&outbox, "a", Evidence::new(now), until).await;
    let worker = worker(&outbox, &platform).with_settling_patience(Duration::from_millis(100));
    worker.build().run_until_empty().await.unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert!(SystemTime::now() > until);
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn an_equal_message_waits_until_the_one_in_doubt_is_settled() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    let broke = Error::new(ErrorKind::Transport, "the connection broke");
    platform.then_question_fails(broke);
    for id in ["a", "b"] {
        outbox.enqueue(envelope(id, "x")).await.unwrap();
    }
    outbox.enqueue(envelope("c", "y")).await.unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let worker = worker(&outbox, &platform).with_observer(move |head| {
        log.lock()
            .unwrap()
            .push((head.id.to_string(), head.state, Instant::now()));
    });
    worker.build().run_until_empty().await.unwrap();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let at = |id: &str, state| {
        let found = seen.iter().find(|it| it.0 == id && it.1 == state);
        found.unwrap().2
    };
    assert!(at("b", State::Sent) > at("a", State::Sent));
    assert!(at("c", State::Sent) < at("a", State::Sent));
    assert_eq!(platform.texts().len(), 3);
    let waited = head(&outbox, "b").await;
    assert_eq!((waited.failures, waited.attempts), (0, 1));
}

#[tokio::test]
async fn an_equal_message_in_doubt_of_another_time_leaves_no_doubt() {
    for (ago, state) in [(3, State::Sent), (0, State::Unconfirmed)] {
        let (outbox, platform) = (outbox(), Platform::new());
        outbox.enqueue(envelope("old", "x")).await.unwrap();
        let then = SystemTime::now() - ago * DAY;
        leave_begun(&outbox, "old", Evidence::new(then), then).await;
        let worker = |platform: &Platform| {
            worker(&outbox, platform).with_settling_patience(Duration::from_millis(300))
        };
        let mute = platform.clone().mute();
        worker(&mute).build().run_until_empty().await.unwrap();
        assert_eq!(head(&outbox, "old").await.state, State::Unconfirmed);

        platform.then(Next::LosesResponse);
        outbox.enqueue(envelope("new", "x")).await.unwrap();
        worker(&platform).build().run_until_empty().await.unwrap();
        let new = head(&outbox, "new").await;
        assert_eq!(new.state, state);
        if state == State::Unconfirmed {
            let why = "it is unknown whether another message with the same content was sent";
            assert_eq!(new.error.unwrap()["message"], why);
        }
    }
}

#[tokio::test]
async fn equal_messages_in_doubt_wait_for_each_other() {
    let (outbox, platform) = (outbox(), Platform::new());
    let now = SystemTime::now();
    for id in ["a", "b"] {
        outbox.enqueue(envelope(id, "x")).await.unwrap();
        leave_begun(&outbox, id, Evidence::new(now), now).await;
    }
    // One of them could be the other, until that one is settled.
    let equal = Error::new(
        ErrorKind::Other,
        "another one of the same content is in doubt",
    );
    platform.then_question_fails(equal);
    let worker = worker(&outbox, &platform).build();
    worker.run_until_empty().await.unwrap();
    for id in ["a", "b"] {
        assert_eq!(head(&outbox, id).await.state, State::Sent);
    }
    assert_eq!(platform.texts(), ["x", "x"]);
}

#[tokio::test]
async fn an_equal_message_waits_until_another_worker_has_settled_its_own() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let (store, other) = (outbox.store(), WorkerId::random());
    let beat = Beat::new(other.clone(), DAY, true);
    store.beat(&beat).await.unwrap();
    let now = SystemTime::now();
    let claimed = store.claim(&Claim::new(other.clone(), ROUTE, 1, now)).await;
    let mut a = claimed.unwrap().messages.remove(0).head;
    let begin = Step::Begin(Attempt::new(Evidence::new(now), now + DAY, now + DAY));
    let doubt = Step::Doubt {
        evidence: Evidence::new(now),
        error: None,
        attempts: 1,
    };
    let sent = Step::Sent {
        receipt: None,
        erase: false,
        attempts: 0,
    };
    for step in [begin, doubt] {
        let change = Change::by_worker(&a, &other, step);
        a = store.apply(vec![change]).await.unwrap().remove(0).unwrap();
    }

    for (id, text) in [("b", "x"), ("c", "y")] {
        outbox.enqueue(envelope(id, text)).await.unwrap();
    }
    let (waits, mut waiting) = tokio::sync::mpsc::unbounded_channel();
    let worker = worker(&outbox, &platform).with_observer(move |head| {
        let _ = waits.send((head.id.to_string(), head.state, head.error.clone()));
    });
    let (worker, stop) = (worker.build(), CancelHandle::new());
    let handle = stop.clone();
    let running = tokio::spawn(async move { worker.run(&handle).await });
    let soon = Duration::from_secs(60);
    let error = loop {
        let change = tokio::time::timeout(soon, waiting.recv()).await;
        match change.expect("it waits").unwrap() {
            (id, State::Queued, Some(error)) if id == "b" => break error,
            _ => {}
        }
    };
    let why = "it is not known yet whether an equal message was sent";
    assert_eq!(error["message"], why);
    let change = Change::by_worker(&a, &other, sent);
    store.apply(vec![change]).await.unwrap().remove(0).unwrap();
    while head(&outbox, "b").await.state != State::Sent {
        waiting.recv().await.unwrap();
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    let mut texts = platform.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["x", "y"]);
}
