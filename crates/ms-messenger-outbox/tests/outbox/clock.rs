//! Clocks that are set back, and clocks of other machines.

use std::time::{Duration, SystemTime};

use ms_messenger_core::CancelHandle;
use ms_messenger_outbox::{Envelope, Head, NewMessage, Outbox, Query, State};

use crate::ahead::{AT_A_TIME, Gated, ahead, until_owned};
use crate::platform::{Platform, envelope, head, outbox, until, worker};
use crate::store_faults::claims_ahead;

const HOUR: Duration = Duration::from_secs(3600);

/// The message as a clock hands it over that is an hour ahead.
fn by_clock_ahead(outbox: &Outbox, envelope: &Envelope) -> NewMessage {
    let mut message = outbox.prepare(envelope).unwrap();
    let head = &mut message.head;
    head.enqueued_at += HOUR;
    head.changed_at += HOUR;
    let now = head.enqueued_at;
    head.due_at = head.not_before.map_or(now, |it| it.max(now));
    head.expires_at = head.due_at + HOUR;
    message
}

async fn store(outbox: &Outbox, envelopes: &[Envelope]) {
    let messages = envelopes
        .iter()
        .map(|it| by_clock_ahead(outbox, it))
        .collect();
    outbox.store().insert(messages).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_starts_after_a_clock_was_set_back_sends_what_was_due() {
    let (outbox, platform) = (outbox(), Platform::new());
    let ordered = |id: &str| envelope(id, id).with_order_key("key");
    store(
        &outbox,
        &[envelope("a", "a"), ordered("1"), ordered("2"), ordered("3")],
    )
    .await;
    let began = SystemTime::now();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let mut texts = platform.texts();
    texts.retain(|it| it != "a");
    assert_eq!(texts, ["1", "2", "3"]);
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    let enqueued_at = head(&outbox, "3").await.enqueued_at;
    assert!(enqueued_at + Duration::from_secs(1) > began && enqueued_at <= SystemTime::now());
}

#[tokio::test]
async fn a_time_of_the_caller_is_kept_when_the_clock_is_set_back() {
    let (outbox, platform) = (outbox(), Platform::new());
    let soon = SystemTime::now() + Duration::from_millis(300);
    let later = SystemTime::now() + 2 * HOUR;
    store(
        &outbox,
        &[
            envelope("soon", "soon").with_not_before(soon),
            envelope("later", "later").with_not_before(later),
        ],
    )
    .await;
    let stop = CancelHandle::new();
    let running = worker(&outbox, &platform).build();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { running.run(&stop).await }
    });
    let sent = until(&outbox, "soon", State::Sent).await;
    assert!(sent.attempt.unwrap().evidence.began_at >= soon);
    stop.cancel();
    running.await.unwrap().unwrap();
    let later = head(&outbox, "later").await;
    assert_eq!((later.state, later.attempts), (State::Queued, 0));
    assert_eq!(Some(later.due_at), later.not_before);
}

/// It comes from another machine, or by a transaction that ends late, long after the worker began.
#[tokio::test(start_paused = true)]
async fn a_message_of_a_clock_that_is_ahead_waits_for_a_minute_at_most() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("first", "first")).await.unwrap();
    let stop = CancelHandle::new();
    let running = worker(&outbox, &platform).build();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { running.run(&stop).await }
    });
    until(&outbox, "first", State::Sent).await;
    for id in ["a", "b"] {
        let began = tokio::time::Instant::now();
        store(&outbox, &[envelope(id, id)]).await;
        until(&outbox, id, State::Sent).await;
        let waited = began.elapsed();
        assert!(waited <= Duration::from_secs(61), "{waited:?}");
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(platform.texts(), ["first", "a", "b"]);
}

/// Messages that were claimed on a clock an hour ahead, which is set back before they are sent.
#[tokio::test]
async fn what_was_claimed_before_the_clock_was_set_back_is_sent_no_earlier_than_its_time() {
    let (outbox, platform) = (claims_ahead(HOUR), Platform::new());
    let later = SystemTime::now() + HOUR / 2;
    let message = envelope("later", "later").with_not_before(later);
    outbox.enqueue(message).await.unwrap();
    outbox.enqueue(envelope("now", "now")).await.unwrap();
    let stop = CancelHandle::new();
    let running = worker(&outbox, &platform).build();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { running.run(&stop).await }
    });
    until(&outbox, "now", State::Sent).await;
    while head(&outbox, "later").await.fence < 2 {
        assert_eq!(platform.texts(), ["now"]);
        outbox.store().changed(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.unwrap().unwrap();
    let later = head(&outbox, "later").await;
    assert_eq!((later.state, later.attempt), (State::Queued, None));
    assert_eq!(Some(later.due_at), later.not_before);
    assert_eq!(platform.texts(), ["now"]);
}

/// A worker that has claimed messages with times of a clock that was ahead gives them back as due now.
#[tokio::test]
async fn what_is_given_back_after_the_clock_was_set_back_is_due() {
    let (outbox, gated) = (claims_ahead(HOUR), Gated::new());
    let messages = (0..300).map(|it| {
        let mut message = outbox
            .prepare(&envelope(&format!("m{it}"), &it.to_string()))
            .unwrap();
        // Not so far ahead that it is recalled.
        let head = &mut message.head;
        head.changed_at += Duration::from_secs(50);
        head.due_at = head.changed_at;
        message
    });
    let messages = messages.collect();
    outbox.store().insert(messages).await.unwrap();
    let (running, stop) = ahead(&outbox, &gated).await;
    until_owned(&outbox, AT_A_TIME).await;
    let query = Query::new().with_state(State::Queued).with_limit(1000);
    let queued = outbox.list(&query).await.unwrap();
    let now = SystemTime::now();
    let given_back = queued
        .iter()
        .filter(|it| it.fence > 0 && it.owner.is_none());
    let given_back: Vec<&Head> = given_back.collect();
    assert!(!given_back.is_empty());
    assert!(given_back.iter().all(|it| it.due_at <= now));
    gated.opens();
    while gated.platform.texts().len() < 300 {
        outbox.store().changed(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.unwrap();
}
