//! What is retried, how, and when a call gives up.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Delivery, ErrorKind, IdempotencyKey, Result, RetryPolicy};
use ms_messenger_http::{Authorize, HttpRequest, RejectedToken};

use crate::server::{
    Act, Seen, Server,
    client::{BODY, pipeline, pipeline_as, quick, read, send},
    created, status,
};

/// A second that may pass before a call gives up, and a back-off that would exceed it: a try
/// that follows does so because the service asked for it.
fn only_when_asked() -> RetryPolicy {
    let ages = Duration::from_secs(1_000_000_000);
    RetryPolicy::default()
        .with_backoff(ages, ages)
        .with_max_elapsed(Duration::from_secs(10))
}

fn assert_equal_but_for_the_credential(seen: &[Seen]) {
    let id = seen[0].header("client-request-id").unwrap();
    assert_eq!(id.len(), 36);
    for (index, request) in seen.iter().enumerate() {
        let credential = format!("attempt {}", index + 1);
        assert_eq!(request.header("authorization"), Some(credential.as_str()));
        assert_eq!(request.body(), BODY);
        let others = |request: &Seen| {
            let lines = request.head.lines().map(str::to_owned);
            lines
                .filter(|line| !line.starts_with("authorization"))
                .collect::<Vec<_>>()
        };
        assert_eq!(others(request), others(&seen[0]));
    }
}

#[tokio::test]
async fn a_send_of_unknown_delivery_is_not_retried() {
    for act in [
        Act::Close,
        Act::Reset,
        status(408, &[], ""),
        status(500, &[], ""),
    ] {
        let server = Server::start([act, created()]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(!error.is_safe_to_resend());
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_send_under_a_key_is_retried_byte_for_byte_with_a_new_credential() {
    let cut = Act::RespondAndClose(b"HTTP/1.1 201 C\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let acts = [Act::Close, status(503, &[], ""), cut, created()];
    let server = Server::start(acts).await;
    let call = send().with_idempotency(IdempotencyKey::random());
    let response = pipeline(&server).call(call).await.unwrap();
    assert_eq!(response.status(), 201);
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_equal_but_for_the_credential(&seen);
}

#[tokio::test]
async fn each_call_has_a_client_request_id_of_its_own() {
    let server = Server::start([created(), created()]).await;
    let pipeline = pipeline(&server);
    for _ in 0..2 {
        pipeline.call(send()).await.unwrap();
    }
    let seen = server.seen();
    assert_ne!(
        seen[0].header("client-request-id").unwrap(),
        seen[1].header("client-request-id").unwrap()
    );
}

#[tokio::test]
async fn a_send_of_unknown_delivery_is_retried_if_that_is_allowed() {
    let server = Server::start([Act::Close, created()]).await;
    let retry = quick().with_resend_when_unknown(true);
    let pipeline = pipeline(&server).with_retry_policy(retry);
    pipeline.call(send()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_equal_but_for_the_credential(&seen);
}

#[tokio::test]
async fn a_sent_message_is_not_retried_even_if_unknown_ones_are() {
    let cut = Act::RespondAndClose(b"HTTP/1.1 201 C\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let server = Server::start([cut, created()]).await;
    let retry = quick().with_resend_when_unknown(true);
    let error = pipeline(&server)
        .with_retry_policy(retry)
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Sent);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_read_is_retried_after_any_temporary_failure() {
    let acts = [
        Act::Close,
        Act::Reset,
        status(504, &[], ""),
        status(200, &[], "[]"),
    ];
    let server = Server::start(acts).await;
    let response = pipeline(&server).call(read()).await.unwrap();
    assert_eq!(&response.body()[..], b"[]");
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_later_refusal_does_not_hide_an_earlier_uncertainty() {
    for (code, attempts) in [(400, 2), (429, 4)] {
        let server = Server::responding(move |request| match request.connection {
            1 => Act::Close,
            _ => status(code, &[], ""),
        })
        .await;
        let key = IdempotencyKey::random();
        let call = send().with_idempotency(key);
        let error = pipeline(&server).call(call).await.unwrap_err();
        assert_eq!(error.status(), Some(code));
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.attempts(), attempts);
        assert_eq!(error.idempotency(), Some(&key));
        assert_eq!(server.seen().len(), attempts as usize);
    }
}

#[tokio::test]
async fn a_later_refused_connection_does_not_hide_an_earlier_uncertainty() {
    let server = Server::start([Act::CloseForGood]).await;
    let before = SystemTime::now();
    let call = send().with_idempotency(IdempotencyKey::random());
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 4);
    assert!(error.began_at().unwrap() >= before);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_key_that_the_platform_may_have_forgotten_is_not_retried() {
    for (age, requests) in [(280, 2), (291, 1)] {
        let server = Server::start([Act::Close, created()]).await;
        let first_sent = SystemTime::now() - Duration::from_secs(age);
        let key = IdempotencyKey::new(IdempotencyKey::random().id, first_sent);
        let outcome = pipeline(&server).call(send().with_idempotency(key)).await;
        assert_eq!(outcome.is_ok(), requests == 2);
        assert_eq!(server.seen().len(), requests);
        if let Err(error) = outcome {
            assert_eq!(error.kind(), ErrorKind::Transport);
            assert_eq!(error.delivery(), Delivery::Unknown);
            assert_eq!(error.idempotency(), Some(&key));
        }
    }
}

/// Takes its time for every credential but the first.
#[derive(Debug)]
struct Slow(Duration, Arc<Mutex<u32>>);

#[async_trait]
impl Authorize for Slow {
    async fn authorize(
        &self,
        _outgoing: &mut HttpRequest,
        _rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let before = std::mem::replace(&mut *self.1.lock().unwrap(), 1);
        if before > 0 {
            tokio::time::sleep(self.0).await;
        }
        Ok(Some(AccessToken::new("renewable")))
    }
}

#[tokio::test]
async fn a_credential_that_came_too_late_for_the_key_is_not_used() {
    let late = async |first: Act, delivery| {
        let server = Server::start([first, created()]).await;
        let first_sent = SystemTime::now() - Duration::from_secs(287);
        let key = IdempotencyKey::new(IdempotencyKey::random().id, first_sent);
        let slow = Slow(Duration::from_secs(4), Arc::default());
        let call = send().with_idempotency(key);
        let error = pipeline_as(&server, slow).call(call).await.unwrap_err();
        assert_eq!(error.delivery(), delivery);
        assert_eq!(error.attempts(), 1);
        assert_eq!(server.seen().len(), 1);
    };
    tokio::join!(
        late(Act::Close, Delivery::Unknown),
        // A key so old says that there was an earlier call.
        late(status(401, &[], ""), Delivery::Unknown),
    );
}

#[tokio::test]
async fn no_attempt_begins_after_the_time_allowed() {
    let server = Server::responding(|_| status(429, &[], "")).await;
    let retry = quick().with_max_elapsed(Duration::from_millis(100));
    let error = pipeline_as(&server, Slow(Duration::from_millis(150), Arc::default()))
        .with_retry_policy(retry)
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn attempts_are_counted_and_bounded() {
    let server = Server::responding(|_| status(429, &[], "")).await;
    for (most, made) in [(0, 1), (1, 1), (2, 2), (7, 7)] {
        let before = server.seen().len();
        let retry = quick().with_max_attempts(most);
        let pipeline = pipeline(&server).with_retry_policy(retry);
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.attempts(), made);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(server.seen().len() - before, made as usize);
    }
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_waited_in_every_spelling() {
    for (name, value, least) in [
        ("Retry-After", "1", 1000),
        ("Retry-After", "0.05", 50),
        ("retry-after-ms", "40", 40),
        ("x-ms-retry-after-ms", "30.5", 30),
        ("Retry-After", "Tue, 01 Apr 2025 12:34:56 GMT", 0),
    ] {
        let throttled = status(429, &[(name, value)], "");
        let server = Server::start([throttled, created()]).await;
        let pipeline = pipeline(&server).with_retry_policy(only_when_asked());
        let began = Instant::now();
        pipeline.call(send()).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(least), "{value}");
        assert_eq!(server.seen().len(), 2, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_date_to_wait_for_is_waited_for() {
    let date = SystemTime::now() + Duration::from_secs(2);
    let text = httpdate::fmt_http_date(date);
    let server = Server::start([status(429, &[("Retry-After", &text)], ""), created()]).await;
    let pipeline = pipeline(&server).with_retry_policy(only_when_asked());
    pipeline.call(send()).await.unwrap();
    // The date has no fraction of a second.
    assert!(SystemTime::now() >= date - Duration::from_secs(1));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_longer_wait_than_allowed_ends_the_call_and_stands_in_the_error() {
    let hour = SystemTime::now() + Duration::from_secs(3600);
    let date = httpdate::fmt_http_date(hour);
    for (name, value, told) in [
        ("Retry-After", "61", 61..=61),
        ("Retry-After", date.as_str(), 3500..=3600),
        ("x-ms-retry-after-ms", "120000", 120..=120),
    ] {
        let server = Server::start([status(429, &[(name, value)], ""), created()]).await;
        let error = pipeline(&server).call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.attempts(), 1);
        assert!(told.contains(&error.retry_after().unwrap().as_secs()));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_read_is_no_wait() {
    let server = Server::start([status(429, &[("Retry-After", "soon")], ""), created()]).await;
    let error = pipeline(&server)
        .with_retry_policy(quick().with_max_attempts(1))
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn a_send_that_is_dropped_leaves_the_pipeline_usable() {
    let server = Server::start([Act::Silence, created()]).await;
    let pipeline = pipeline(&server);
    tokio::select! {
        biased;
        outcome = pipeline.call(send()) => panic!("{outcome:?}"),
        _ = server.wait_for(1) => {}
    }
    pipeline.call(send()).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn under_a_key_of_an_earlier_call_no_failure_proves_that_nothing_was_sent() {
    for (age, delivery) in [(0, Delivery::NotSent), (30, Delivery::Unknown)] {
        for act in [
            status(400, &[], ""),
            status(429, &[], ""),
            status(403, &[], ""),
        ] {
            let server = Server::start([act]).await;
            let first_sent = SystemTime::now() - Duration::from_secs(age);
            let key = IdempotencyKey::new(IdempotencyKey::random().id, first_sent);
            let pipeline = pipeline(&server).with_retry_policy(RetryPolicy::never());
            let error = pipeline
                .call(send().with_idempotency(key))
                .await
                .unwrap_err();
            assert_eq!(error.delivery(), delivery, "{age}: {error}");
            assert_eq!(error.idempotency(), Some(&key));
        }
        let gone = Server::start([Act::CloseForGood]).await;
        let pipeline = pipeline(&gone).with_retry_policy(RetryPolicy::never());
        pipeline.call(read()).await.unwrap_err();
        let first_sent = SystemTime::now() - Duration::from_secs(age);
        let key = IdempotencyKey::new(IdempotencyKey::random().id, first_sent);
        let error = pipeline
            .call(send().with_idempotency(key))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert_eq!(error.delivery(), delivery, "{age}: {error}");
    }
}
