//! Responses within a response, and calls that continue one of them.

use std::time::{Duration, Instant};

use ms_messenger_core::{Delivery, Error, ErrorKind, Evidence, RetryPolicy};
use ms_messenger_http::{Call, HeaderMap, HeaderValue, Method, Operation, Response};

use crate::server::{Act, Server, client::pipeline, status};

static SEND: Operation = Operation::message(Method::POST, "send", "/messages", "it sends twice");
static READ: Operation = Operation::read("read", "/messages");
static MAKE: Operation =
    Operation::once(Method::POST, "make", "/things", "two things").with_doubt("list the things");

async fn batch() -> Response {
    let server = Server::start([status(200, &[], "{}")]).await;
    let call = Call::post("batch", "/batch");
    pipeline(&server).call(call).await.unwrap()
}

#[tokio::test]
async fn a_part_is_judged_as_a_call_of_its_own() {
    let batch = batch().await;
    let part = |operation, status| batch.part(operation, status, HeaderMap::new(), "x");
    let created = part(&SEND, 201).unwrap();
    assert_eq!((created.status(), &created.body()[..]), (201, &b"x"[..]));
    assert_eq!(created.operation(), "send");

    let delivery = |operation, status| part(operation, status).unwrap_err().delivery();
    assert_eq!(delivery(&SEND, 404), Delivery::NotSent);
    assert_eq!(delivery(&SEND, 504), Delivery::Unknown);
    assert_eq!(delivery(&READ, 504), Delivery::NotSent);
    let doubt = part(&MAKE, 504).unwrap_err();
    assert_eq!(
        (doubt.delivery(), doubt.operation()),
        (Delivery::Unknown, Some("make"))
    );
    assert!(doubt.message().contains("list the things"), "{doubt}");

    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_static("7"));
    let throttled = batch.part(&SEND, 429, headers, "").unwrap_err();
    assert_eq!(throttled.kind(), ErrorKind::RateLimited);
    assert_eq!(throttled.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(throttled.attempts(), 1);
}

fn throttled(wait: Duration) -> Error {
    let error = Error::new(ErrorKind::RateLimited, "slow down").with_delivery(Delivery::NotSent);
    error.with_status(429).with_retry_after(wait)
}

#[tokio::test]
async fn a_call_is_continued_after_the_time_that_the_service_asked_for() {
    let server = Server::start([status(201, &[], "{}")]).await;
    let wait = Duration::from_millis(120);
    let began = Instant::now();
    let call = Call::of(&SEND, "/messages");
    let response = pipeline(&server)
        .call_after(call, throttled(wait))
        .await
        .unwrap();
    assert_eq!(response.status(), 201);
    assert!(began.elapsed() >= wait);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_attempt_before_counts_and_a_doubt_stays_one() {
    let server = Server::start([]).await;
    let once = pipeline(&server).with_retry_policy(RetryPolicy::never());
    let failed = throttled(Duration::ZERO);
    let error = once
        .call_after(Call::of(&SEND, "/messages"), failed)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::RateLimited, 1)
    );
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(server.seen().len(), 0);

    let doubt = Error::new(ErrorKind::Service, "gave up").with_delivery(Delivery::Unknown);
    let call = Call::of(&SEND, "/messages");
    let error = pipeline(&server).call_after(call, doubt).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Service, Delivery::Unknown)
    );
    assert_eq!(server.seen().len(), 0);

    let server = Server::start([Act::Close]).await;
    let call = Call::of(&SEND, "/messages");
    let failed = throttled(Duration::ZERO);
    let error = pipeline(&server)
        .call_after(call, failed)
        .await
        .unwrap_err();
    assert_eq!((error.delivery(), error.attempts()), (Delivery::Unknown, 2));
    assert!(Evidence::of(&error).is_some());
}
