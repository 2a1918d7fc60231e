//! Sending what is due.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{CancelHandle, ErrorKind};
use ms_messenger_outbox::{OutboxErrorKind, Query, State};

use crate::platform::{Next, Platform, envelope, head, outbox, until, worker};

#[tokio::test]
async fn every_message_is_sent_once_by_many_workers() {
    let (outbox, platform) = (outbox(), Platform::new());
    let all = (0..300).map(|i| envelope(&format!("m{i}"), &format!("{i}")));
    outbox.enqueue_all(all).await.unwrap();
    let workers = [(); 4].map(|()| worker(&outbox, &platform).build());
    let running = workers.iter().map(|it| it.run_until_empty());
    for ended in futures_util::future::join_all(running).await {
        ended.unwrap();
    }
    let mut texts = platform.texts();
    texts.sort_by_key(|it| it.parse::<u32>().unwrap());
    let expected: Vec<String> = (0..300).map(|i| i.to_string()).collect();
    assert_eq!(texts, expected);
    let sent = outbox.list(&Query::new().with_limit(1000)).await.unwrap();
    assert!(
        sent.iter()
            .all(|it| it.state == State::Sent && it.owner.is_none())
    );
    assert!(
        sent.iter()
            .all(|it| it.receipt.is_some() && it.attempts == 1)
    );
}

#[tokio::test]
async fn a_message_waits_for_its_time_and_expires_after_it() {
    let (outbox, platform) = (outbox(), Platform::new());
    let now = SystemTime::now();
    let soon = now + Duration::from_millis(60);
    outbox
        .enqueue(envelope("later", "x").with_not_before(soon))
        .await
        .unwrap();
    outbox
        .enqueue(envelope("over", "x").with_expires_at(now))
        .await
        .unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert!(SystemTime::now() >= soon);
    assert_eq!(head(&outbox, "later").await.state, State::Sent);
    assert_eq!(head(&outbox, "over").await.state, State::Expired);
    assert_eq!(platform.texts().len(), 1);
}

#[tokio::test]
async fn what_is_proven_not_sent_is_tried_again_until_it_expires() {
    let (outbox, platform) = (outbox(), Platform::new());
    for _ in 0..3 {
        platform.then(Next::Fails(ErrorKind::Connect, None));
    }
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let sent = head(&outbox, "a").await;
    assert_eq!(
        (sent.state, sent.attempts, sent.failures),
        (State::Sent, 4, 3)
    );
    assert_eq!(sent.error, None);

    for _ in 0..200 {
        platform.then(Next::Fails(ErrorKind::Connect, None));
    }
    let end = SystemTime::now() + Duration::from_millis(40);
    outbox
        .enqueue(envelope("b", "y").with_expires_at(end))
        .await
        .unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let expired = head(&outbox, "b").await;
    assert_eq!(expired.state, State::Expired);
    assert_eq!(expired.error.unwrap()["kind"], "connect");
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn what_the_platform_refuses_is_refused_with_its_error() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::Fails(ErrorKind::PermissionDenied, None));
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    outbox.enqueue(envelope("b", "y")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let refused = head(&outbox, "a").await;
    assert_eq!(refused.state, State::Refused);
    assert_eq!(refused.error.unwrap()["kind"], "permission_denied");
    assert_eq!(platform.texts(), ["y"]);
}

#[tokio::test]
async fn a_request_that_no_client_takes_is_refused_before_its_attempt() {
    let (outbox, platform) = (outbox(), Platform::new());
    let mut wrong = envelope("a", "x");
    wrong.request.message.subject = Some("s".to_owned());
    outbox.enqueue(wrong).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let refused = head(&outbox, "a").await;
    assert_eq!((refused.state, refused.attempt), (State::Refused, None));
}

#[tokio::test]
async fn a_failed_sign_in_refuses_nothing() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::Fails(ErrorKind::Unauthenticated, None));
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
}

#[tokio::test]
async fn content_is_erased_after_success_and_the_rest_stays() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::Fails(ErrorKind::PermissionDenied, None));
    outbox.enqueue(envelope("refused", "y")).await.unwrap();
    outbox.enqueue(envelope("sent", "x")).await.unwrap();
    let erasing = worker(&outbox, &platform).with_erased_content(true).build();
    erasing.run_until_empty().await.unwrap();
    let sent = outbox.get(&"sent".into()).await.unwrap().unwrap();
    assert_eq!(outbox.request(&sent).unwrap(), None);
    assert!(sent.head.receipt.is_some());
    let refused = outbox.get(&"refused".into()).await.unwrap().unwrap();
    assert!(outbox.request(&refused).unwrap().is_some());
    // It is still known: the same message is not sent a second time.
    outbox.enqueue(envelope("sent", "x")).await.unwrap();
    let error = outbox.enqueue(envelope("sent", "z")).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Conflict);
}

#[tokio::test]
async fn a_worker_that_is_stopped_gives_back_what_it_has() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::HangsBefore);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let (stop, stopped) = (CancelHandle::new(), worker(&outbox, &platform).build());
    let handle = stop.clone();
    let running = tokio::spawn(async move { stopped.run(&handle).await });
    platform.hangs().await;
    stop.cancel();
    running.await.unwrap().unwrap();
    let given_back = head(&outbox, "a").await;
    assert_eq!(
        (given_back.state.is_final(), given_back.owner),
        (false, None)
    );
    assert_eq!(outbox.store().sessions().await.unwrap(), []);
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    assert_eq!(platform.texts(), ["x"]);
}

#[tokio::test]
async fn changes_are_observed() {
    let (outbox, platform) = (outbox(), Platform::new());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let states = Arc::clone(&seen);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let worker = worker(&outbox, &platform)
        .with_observer(move |head| states.lock().unwrap().push(head.state))
        .build();
    worker.run_until_empty().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [State::Sent]);
    let totals = worker.totals();
    assert_eq!(
        (totals[0].state, totals[0].changes, totals[0].last_minute),
        (State::Sent, 1, 1)
    );
    until(&outbox, "a", State::Sent).await;
}

#[tokio::test]
async fn the_longest_durations_are_no_error() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::LosesResponse);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let run = worker(&outbox, &platform)
        .with_lease(Duration::MAX)
        .with_attempt_timeout(Duration::MAX)
        .with_settling_margin(Duration::MAX)
        .with_settling_patience(Duration::MAX)
        .with_sign_in_pause(Duration::MAX)
        .with_grace(Duration::MAX)
        .with_poll_interval(Duration::MAX)
        .build();
    run.run_until_empty().await.unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
}
