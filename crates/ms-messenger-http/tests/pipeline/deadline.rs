//! A caller's time-out or cancel handle ends a call with what is known.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    CancelHandle, Deadline, Delivery, ErrorKind, Evidence, Mark, MarkKind, RetryPolicy,
};

use crate::server::{
    Act, Server,
    client::{pipeline, send},
    created, status,
};

fn within(timeout: Duration) -> Deadline {
    Deadline::new(Some(timeout), None)
}

/// Waits until the server has read `count` requests.
async fn read(server: &Server, count: usize) {
    while server.seen().len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_time_out_on_the_wire_is_unknown_with_evidence_and_mark() {
    let server = Server::start([Act::Silence]).await;
    let mark = Mark::new(MarkKind::ClientMessageId, "mark");
    let call = send()
        .with_deadline(within(Duration::from_secs(2)))
        .with_mark(mark.clone());
    let before = SystemTime::now();
    let margin = Duration::from_secs(7);
    let pipeline = pipeline(&server).with_settling_margin(margin);
    let error = pipeline.call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.seen().len(), 1);
    let evidence = Evidence::of(&error).unwrap();
    assert_eq!(evidence.mark, Some(mark));
    assert_eq!(evidence.platform.as_deref(), error.platform());
    assert!(evidence.client_request_id.is_some());
    let ended_at = evidence.ended_at.unwrap();
    assert!(before <= evidence.began_at && evidence.began_at <= ended_at);
    assert_eq!(evidence.pending_until, Some(ended_at + margin));
}

#[tokio::test]
async fn a_cancelled_call_on_the_wire_is_unknown() {
    let server = Server::start([Act::Silence]).await;
    let cancel = CancelHandle::new();
    let call = send().with_deadline(Deadline::new(None, Some(cancel.clone())));
    let pipeline = pipeline(&server);
    let (outcome, ()) = tokio::join!(pipeline.call(call), async {
        read(&server, 1).await;
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(Evidence::of(&error).is_some());
}

#[tokio::test]
async fn a_cancelled_wait_after_a_refusal_is_not_sent_and_keeps_the_refusal() {
    let server = Server::start([status(429, &[("retry-after", "50")], "")]).await;
    let cancel = CancelHandle::new();
    let call = send().with_deadline(Deadline::new(None, Some(cancel.clone())));
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::default());
    let (outcome, ()) = tokio::join!(pipeline.call(call), async {
        read(&server, 1).await;
        // The response is on its way; a moment later the pause has begun.
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), 1);
    let cause = std::error::Error::source(&error).unwrap();
    let cause = cause.downcast_ref::<ms_messenger_core::Error>().unwrap();
    assert_eq!(cause.status(), Some(429));
}

#[tokio::test]
async fn a_pause_that_outlasts_the_time_out_is_not_begun() {
    let server = Server::start([status(429, &[("retry-after", "50")], "")]).await;
    let call = send().with_deadline(within(Duration::from_secs(40)));
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::default());
    let error = pipeline.call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(50)));
}

#[tokio::test]
async fn what_was_cancelled_before_is_never_begun() {
    let server = Server::start([created()]).await;
    let cancel = CancelHandle::new();
    cancel.cancel();
    let call = send().with_deadline(Deadline::new(None, Some(cancel)));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), 0);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn the_evidence_holds_the_services_clock_as_responses_showed_it() {
    let ahead = SystemTime::now() + Duration::from_secs(300);
    let date = httpdate::fmt_http_date(ahead);
    let dated = status(404, &[("date", &date)], "");
    let server = Server::start([dated, Act::Close]).await;
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::never());
    assert!(pipeline.service_clock().is_none());
    pipeline.call(send()).await.unwrap_err();
    let error = pipeline.call(send()).await.unwrap_err();
    let offset = Evidence::of(&error).unwrap().service_clock.unwrap();
    assert!(
        (290_000..=301_500).contains(&offset.at_least_ms),
        "{offset:?}"
    );
    assert!(offset.at_most_ms >= offset.at_least_ms);
}

#[tokio::test]
async fn no_margin_is_too_long() {
    let server = Server::start([Act::Close]).await;
    let pipeline = pipeline(&server).with_settling_margin(Duration::MAX);
    let error = pipeline.call(send()).await.unwrap_err();
    let evidence = Evidence::of(&error).unwrap();
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    assert!(evidence.pending_until.unwrap() > SystemTime::now() + year);
    assert!(serde_json::to_string(&evidence).is_ok());
}
