//! Messages whose outcome is unknown.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{CancelHandle, Error, ErrorKind, Evidence, IdempotencyKey, Messenger as _};
use ms_messenger_outbox::{Change, Outbox, State, Step};

use crate::platform::{Next, Platform, envelope, head, leave_begun, outbox, until, worker};

#[tokio::test]
async fn a_lost_response_is_settled_and_nothing_is_sent_again() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let sent = head(&outbox, "a").await;
    assert_eq!(sent.state, State::Sent);
    assert_eq!(sent.message_id().unwrap().as_str(), "1");
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn what_is_proven_absent_is_sent_again() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesRequest);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let sent = head(&outbox, "a").await;
    assert_eq!((sent.state, sent.attempts), (State::Sent, 2));
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn what_nobody_can_tell_is_unconfirmed_with_its_evidence() {
    for lost in [Next::LosesResponse, Next::LosesRequest] {
        let (outbox, platform) = (outbox(), Platform::new().mute());
        platform.then(lost);
        outbox.enqueue(envelope("a", "x")).await.unwrap();
        worker(&outbox, &platform)
            .build()
            .run_until_empty()
            .await
            .unwrap();
        let parked = head(&outbox, "a").await;
        assert_eq!((parked.state, parked.owner), (State::Unconfirmed, None));
        assert!(parked.evidence.unwrap().client_request_id.is_some());
        assert_eq!(parked.error.unwrap()["message"], "it cannot be asked");
        // No later worker touches it.
        worker(&outbox, &platform)
            .build()
            .run_until_empty()
            .await
            .unwrap();
        assert_eq!(head(&outbox, "a").await.state, State::Unconfirmed);
        assert!(platform.texts().len() <= 1);
    }
}

#[tokio::test]
async fn a_platform_with_keys_is_asked_under_the_same_key() {
    for lost in [Next::LosesResponse, Next::LosesRequest] {
        let (outbox, platform) = (outbox(), Platform::new().with_keys());
        platform.then(lost).then(Next::LosesRequest);
        outbox.enqueue(envelope("a", "x")).await.unwrap();
        worker(&outbox, &platform)
            .build()
            .run_until_empty()
            .await
            .unwrap();
        let sent = head(&outbox, "a").await;
        assert_eq!((sent.state, sent.attempts), (State::Sent, 3));
        assert_eq!(platform.texts(), ["x"]);
    }
}

#[tokio::test]
async fn a_question_that_fails_for_the_moment_is_asked_again() {
    let pause = Duration::from_millis(400);
    for error in [
        Error::new(ErrorKind::Unauthenticated, "the token has expired"),
        Error::new(ErrorKind::Config, "the file with the token is not there"),
        Error::new(ErrorKind::Transport, "the connection broke"),
        Error::new(ErrorKind::RateLimited, "too many requests").with_retry_after(pause),
    ] {
        let least = error.retry_after();
        for lost in [Next::LosesResponse, Next::LosesRequest] {
            let (outbox, platform) = (outbox(), Platform::new());
            platform.then(lost).then_question_fails(error.clone());
            outbox.enqueue(envelope("a", "x")).await.unwrap();
            let worker = worker(&outbox, &platform).build();
            worker.run_until_empty().await.unwrap();
            assert_eq!(head(&outbox, "a").await.state, State::Sent, "{error}");
            assert_eq!(platform.texts(), ["x"]);
            let asked = platform.asked();
            assert!(asked[1] - asked[0] >= least.unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_under_a_key_is_tried_again_and_said() {
    for lost in [Next::LosesResponse, Next::LosesRequest] {
        let (outbox, platform) = (outbox(), Platform::new().with_keys());
        let fails = Next::Fails(ErrorKind::Unauthenticated, None);
        platform.then(lost).then(fails.clone()).then(fails);
        outbox.enqueue(envelope("a", "x")).await.unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let builder = worker(&outbox, &platform).with_observer(move |head| {
            let message = head.error.as_ref().map(|it| it["message"].clone());
            log.lock().unwrap().push((head.state, message));
        });
        builder.build().run_until_empty().await.unwrap();
        assert_eq!(head(&outbox, "a").await.state, State::Sent);
        assert_eq!(platform.texts(), ["x"]);
        let said = (State::Sending, Some("the platform refuses".into()));
        assert!(seen.lock().unwrap().contains(&said));
    }
}

#[tokio::test]
async fn the_longest_patience_is_no_error() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    platform.then_question_fails(Error::new(ErrorKind::Transport, "the connection broke"));
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let worker = worker(&outbox, &platform).with_settling_patience(Duration::MAX);
    worker.build().run_until_empty().await.unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn a_worker_that_is_stopped_gives_back_what_waits_to_be_settled() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    for _ in 0..20 {
        let error = Error::new(ErrorKind::Unauthenticated, "the token has expired");
        platform.then_question_fails(error);
    }
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let stop = CancelHandle::new();
    let seen = stop.clone();
    // Longer than the test: the worker does not wait for them.
    let long = Duration::from_secs(3600);
    let worker = worker(&outbox, &platform)
        .with_sign_in_pause(long)
        .with_grace(long)
        .with_observer(move |head| {
            let message = head.error.as_ref().map(|it| it["message"].clone());
            if message == Some("the token has expired".into()) {
                seen.cancel();
            }
        });
    worker.build().run(&stop).await.unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sending);
    assert_eq!(platform.asked().len(), 1);
}

#[tokio::test]
async fn a_platform_that_cannot_be_asked_for_too_long_leaves_its_error() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    for _ in 0..20 {
        let error = Error::new(ErrorKind::Unauthenticated, "the token has expired");
        platform.then_question_fails(error);
    }
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let worker = worker(&outbox, &platform).with_settling_patience(Duration::from_millis(30));
    worker.build().run_until_empty().await.unwrap();
    let parked = head(&outbox, "a").await;
    assert_eq!(parked.state, State::Unconfirmed);
    assert_eq!(parked.error.unwrap()["message"], "the token has expired");
    assert!(parked.evidence.unwrap().client_request_id.is_some());
}

#[tokio::test]
async fn a_key_that_the_platform_may_have_forgotten_is_not_used() {
    let (outbox, platform) = (outbox(), Platform::new().with_keys());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    // As an earlier worker left it, an hour ago.
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let mut evidence = Evidence::new(long_ago);
    evidence.idempotency = Some(IdempotencyKey::new(
        ms_messenger_core::random_uuid(),
        long_ago,
    ));
    leave_begun(&outbox, "a", evidence, long_ago).await;

    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Unconfirmed);
    assert!(platform.texts().is_empty());
}

#[tokio::test]
async fn a_messenger_that_notes_nothing_is_noted_by_the_worker() {
    let (outbox, platform) = (outbox(), Platform::new().simple());
    platform.then(Next::HangsAfter);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let running = worker(&outbox, &platform).build();
    let running = tokio::spawn(async move { running.run(&CancelHandle::new()).await });
    platform.hangs().await;
    let noted = until(&outbox, "a", State::Sending).await;
    assert!(noted.attempt.is_some());
    running.abort();
}

#[tokio::test]
async fn a_messenger_that_is_given_up_before_it_begins_has_sent_nothing() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    platform.then(Next::PanicsUnbegun);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let refused = head(&outbox, "a").await;
    assert_eq!(refused.state, State::Refused);
    assert!(refused.attempt.is_none() && platform.texts().is_empty());
}

#[tokio::test]
async fn a_messenger_that_panics_leaves_a_doubt_that_is_settled() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::PanicsBefore).then(Next::PanicsAfter);
    outbox.enqueue(envelope("one", "1")).await.unwrap();
    outbox.enqueue(envelope("two", "2")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let mut texts = platform.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["1", "2"]);
    for id in ["one", "two"] {
        assert_eq!(head(&outbox, id).await.state, State::Sent);
    }
}

/// Leaves a message as one whose attempt at this time was sent, with a response that could not be read.
async fn leave_sent_without_id(outbox: &Outbox, id: &str, at: SystemTime) {
    outbox.enqueue(envelope(id, "x")).await.unwrap();
    leave_begun(outbox, id, Evidence::new(at), at).await;
    let begun = head(outbox, id).await;
    let owner = begun.owner.clone().unwrap();
    let sent = Step::Sent {
        receipt: None,
        erase: false,
        attempts: 1,
    };
    let change = Change::by_worker(&begun, &owner, sent);
    outbox.store().apply(vec![change]).await.unwrap()[0]
        .as_ref()
        .unwrap();
}

#[tokio::test]
async fn a_message_that_was_sent_without_an_id_is_not_taken_for_an_equal_one() {
    let day = Duration::from_secs(24 * 60 * 60);
    for (ago, state) in [(Duration::ZERO, State::Unconfirmed), (4 * day, State::Sent)] {
        let (outbox, platform) = (outbox(), Platform::new().finding_by_content());
        let now = SystemTime::now();
        leave_sent_without_id(&outbox, "a", now - ago).await;
        // The message that the platform has is that of "a", or, if it was sent days ago, that of "b".
        let request = envelope("b", "x").request;
        platform.send(&request).await.unwrap();
        outbox.enqueue(envelope("b", "x")).await.unwrap();
        leave_begun(&outbox, "b", Evidence::new(now), now).await;
        worker(&outbox, &platform)
            .build()
            .run_until_empty()
            .await
            .unwrap();
        assert_eq!(head(&outbox, "b").await.state, state);
        assert_eq!(platform.texts(), ["x"]);
    }
}
