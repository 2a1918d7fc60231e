//! A pause that the service asks for holds every call for the same resource, and no other.

use std::time::{Duration, Instant};

use ms_messenger_core::{CancelHandle, Deadline, Delivery, Error, ErrorKind, RetryPolicy};
use ms_messenger_http::{Call, Pipeline};

use crate::server::{
    Act, Server,
    client::{pipeline, send},
    created, status,
};

const BURST: usize = 24;
const ALLOWED: usize = 4;
const PERIOD: Duration = Duration::from_millis(200);

fn throttled(milliseconds: &str) -> Act {
    status(429, &[("retry-after-ms", milliseconds)], "")
}

/// A service that takes a number of calls in each stretch of time.
async fn limited() -> Server {
    let (mut left, mut renewed_at) = (0, Instant::now());
    Server::responding(move |_| {
        let now = Instant::now();
        if now >= renewed_at {
            (left, renewed_at) = (ALLOWED, now + PERIOD);
        }
        if left == 0 {
            let wait = (renewed_at - now).as_millis() + 1;
            return throttled(&wait.to_string());
        }
        left -= 1;
        created()
    })
    .await
}

/// A pipeline whose calls pause for an hour, because a first one was throttled.
async fn paused(acts: impl IntoIterator<Item = Act>) -> (Server, Pipeline) {
    let acts = [throttled("3600000")].into_iter().chain(acts);
    let server = Server::start(acts).await;
    let pipeline = pipeline(&server).with_retry_policy(patient());
    let short = Deadline::new(Some(Duration::from_secs(60)), None);
    let error = pipeline.call(send().with_deadline(short)).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
    (server, pipeline)
}

/// Waits an hour if it is asked to.
fn patient() -> RetryPolicy {
    RetryPolicy::default()
        .with_max_retry_after(Duration::from_secs(3600))
        .with_max_elapsed(Duration::from_secs(7200))
}

fn assert_not_attempted(error: &Error, kind: ErrorKind) {
    assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.evidence().is_none());
}

#[tokio::test]
async fn a_burst_is_delivered_with_few_wasted_requests() {
    let server = limited().await;
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::default());
    let calls = (0..BURST).map(|_| {
        let pipeline = pipeline.clone();
        tokio::spawn(async move { pipeline.call(send()).await })
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().status(), 201);
    }
    // Those of the burst that were under way, and one per period at most.
    let requests = server.seen().len();
    let most = BURST + (BURST - ALLOWED) + BURST / ALLOWED;
    assert!(requests <= most, "{requests}");
}

#[tokio::test]
async fn a_call_that_would_wait_too_long_makes_no_attempt() {
    let (server, pipeline) = paused([created()]).await;
    let short = Deadline::new(Some(Duration::from_secs(60)), None);
    let error = pipeline.call(send().with_deadline(short)).await;
    let error = error.unwrap_err();
    assert_not_attempted(&error, ErrorKind::RateLimited);
    assert!(error.retry_after() > Some(Duration::from_secs(3000)));
    for policy in [
        patient().with_max_elapsed(Duration::from_secs(60)),
        patient().with_max_retry_after(Duration::from_secs(60)),
    ] {
        let error = pipeline.clone().with_retry_policy(policy);
        let error = error.call(send()).await.unwrap_err();
        assert_not_attempted(&error, ErrorKind::RateLimited);
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_waits_makes_no_attempt() {
    let (server, pipeline) = paused([created()]).await;
    let cancel = CancelHandle::new();
    let call = send().with_deadline(Deadline::new(None, Some(cancel.clone())));
    let (outcome, ()) = tokio::join!(pipeline.call(call), async { cancel.cancel() });
    assert_not_attempted(&outcome.unwrap_err(), ErrorKind::Cancelled);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_pause_is_of_one_path_whatever_its_query() {
    let (server, pipeline) = paused([created(), created()]).await;
    let other = Call::post("send", "/other?api-version=1");
    assert_eq!(pipeline.call(other).await.unwrap().status(), 201);
    let short = Deadline::new(Some(Duration::from_secs(60)), None);
    let same = Call::get("read", "/messages?top=1").with_deadline(short);
    let error = pipeline.call(same).await.unwrap_err();
    assert_not_attempted(&error, ErrorKind::RateLimited);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_caller_with_its_own_retries_is_not_delayed() {
    let server = Server::start([throttled("3600000"), created()]).await;
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::never());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
    assert_eq!(pipeline.call(send()).await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_pause_that_the_policy_does_not_obey_is_not_imposed_on_others() {
    let server = Server::start([throttled("3600000"), created()]).await;
    let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::default());
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(pipeline.call(send()).await.unwrap().status(), 201);
}
