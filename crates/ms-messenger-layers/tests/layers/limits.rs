//! Rates and timeouts.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use ms_messenger_core::{
    CancelHandle, Capabilities, Capability, Delivery, ErrorKind, MemoryMessenger, Messenger,
};
use ms_messenger_layers::{Deadline, Rate, RateLimit};
use tokio::time::Instant;

use crate::double::{Probe, memory, request};

const SECOND: Duration = Duration::from_secs(1);

fn one_a_second(messenger: impl Messenger) -> RateLimit<impl Messenger> {
    RateLimit::new(messenger, Rate::per(NonZeroU32::MIN, SECOND))
}

#[tokio::test(start_paused = true)]
async fn sends_wait_for_their_turn() {
    let store = memory();
    let limited = one_a_second(Arc::clone(&store));
    let began = Instant::now();
    let request = request();
    let sends = (0..4).map(|_| async {
        limited.send(&request).await.unwrap();
        began.elapsed()
    });
    let ended = futures_util::future::join_all(sends).await;
    assert_eq!(ended, [0, 1, 2, 3].map(|seconds| SECOND * seconds));
    assert_eq!(store.sent().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_turn_after_the_timeout_is_refused_at_once() {
    let store = Probe::new("probe");
    let limited = one_a_second(Arc::clone(&store));
    limited.send(&request()).await.unwrap();
    let began = Instant::now();
    let hurried = request().with_timeout(SECOND / 2);
    let error = limited.send(&hurried).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.retry_after(), Some(SECOND));
    assert_eq!(error.platform(), Some("probe"));
    assert_eq!(began.elapsed(), Duration::ZERO);
    // It took no turn, and the wait counts for the timeout.
    limited
        .send(&request().with_timeout(SECOND * 3))
        .await
        .unwrap();
    assert_eq!(began.elapsed(), SECOND);
    assert_eq!(store.sent.lock().unwrap()[1].timeout, Some(SECOND * 2));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_it_is_cancelled_or_dropped() {
    let store = memory();
    let limited = one_a_second(Arc::clone(&store));
    limited.send(&request()).await.unwrap();
    let cancel = CancelHandle::new();
    let waiting = request().with_cancel(cancel.clone());
    let (result, ()) = tokio::join!(limited.send(&waiting), async {
        tokio::time::sleep(SECOND / 4).await;
        cancel.cancel();
    });
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::NotSent);
    let dropped = tokio::time::timeout(SECOND / 4, limited.send(&request())).await;
    assert!(dropped.is_err());
    // The two that did not send have used no turns.
    let began = Instant::now();
    limited.send(&request()).await.unwrap();
    assert_eq!(began.elapsed(), SECOND / 2);
    assert_eq!(store.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_that_give_up_do_not_keep_others_from_sending() {
    let store = memory();
    let limited = one_a_second(Arc::clone(&store));
    let (request, began) = (request(), Instant::now());
    let impatient = async {
        for _ in 0..100 {
            let _ = tokio::time::timeout(SECOND / 10, limited.send(&request)).await;
        }
    };
    let patient = async {
        for _ in 0..3 {
            limited.send(&request).await.unwrap();
        }
        began.elapsed()
    };
    let ((), elapsed) = tokio::join!(impatient, patient);
    assert!(elapsed <= SECOND * 6, "{elapsed:?}");
    // And the rate is kept: one at the start, one in each of ten seconds.
    assert!(store.sent().len() <= 11, "{}", store.sent().len());
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_count_for_the_wait_of_the_next() {
    let store = memory();
    let limited = one_a_second(Arc::clone(&store));
    let (request, hurried) = (request(), request().with_timeout(SECOND * 2));
    let waiting = (0..3).map(|_| limited.send(&request));
    let (sent, refused) = tokio::join!(futures_util::future::join_all(waiting), async {
        tokio::time::sleep(SECOND / 2).await;
        limited.send(&hurried).await.unwrap_err()
    });
    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(refused.kind(), ErrorKind::RateLimited);
    assert_eq!(refused.retry_after(), Some(SECOND * 5 / 2));
    assert_eq!(store.sent().len(), 3);
}

#[tokio::test]
async fn a_timeout_is_shortened_and_never_lengthened() {
    let store = Probe::new("probe");
    let limited = Deadline::new(Arc::clone(&store), SECOND).unwrap();
    for (own, sent) in [
        (None, SECOND),
        (Some(SECOND / 2), SECOND / 2),
        (Some(SECOND * 2), SECOND),
    ] {
        let mut request = request();
        request.timeout = own;
        limited.send(&request).await.unwrap();
        assert_eq!(
            store.sent.lock().unwrap().pop().unwrap().timeout,
            Some(sent)
        );
    }
}

#[test]
fn a_timeout_that_would_lose_the_evidence_is_refused() {
    let without = Capabilities::new(&[Capability::Text]);
    let without = MemoryMessenger::new().with_capabilities(without);
    let error = Deadline::new(without, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.message(),
        "timeout: must be longer than zero; messenger: memory supports no timeout"
    );
}
