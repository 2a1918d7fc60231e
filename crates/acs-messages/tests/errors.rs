//! What a refusal proves, and what a key is good for.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::time::Duration;

use acs_messages::{AcsMessagesClient, ConversationContent, Credential};
use mockito::{Matcher, Server};
use ms_messenger_core::{Delivery, Error, ErrorKind, RetryPolicy, StaticToken};

/// One send that is always answered with `status` and `body`; and how many tries it makes.
async fn refused(status: usize, headers: &[(&str, &str)], body: &str, tries: usize) -> Error {
    let mut server = Server::new_async().await;
    let mut mock = server
        .mock("POST", Matcher::Any)
        .with_status(status)
        .with_body(body);
    for (name, value) in headers {
        mock = mock.with_header(*name, value);
    }
    let mock = mock.expect(tries).create_async().await;
    let retry = RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let client = AcsMessagesClient::builder(server.url(), Credential::user(StaticToken::new("t")))
        .with_retry(retry)
        .build()
        .unwrap();
    let content = ConversationContent::text("hi");
    let error = client
        .conversation("19:a@thread.v2")
        .send(&content)
        .await
        .unwrap_err();
    mock.assert_async().await;
    assert_eq!(error.platform(), Some("acs-messages"));
    assert_eq!(error.attempts() as usize, tries);
    assert!(error.idempotency().is_some());
    error
}

#[tokio::test]
async fn a_refusal_tells_code_inner_message_and_request_id() {
    let body = r#"{"error":{"code":"TemplateNotFound","message":"Template does not exist","innererror":{"code":"WaErrorCode.TemplateNotFound","message":"TemplateNotFound: (#132001) Template name does not exist"}}}"#;
    let error = refused(
        404,
        &[("ms-cv", "cv.7"), ("repeatability-result", "accepted")],
        body,
        1,
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.code(), Some("TemplateNotFound"));
    assert!(error.message().contains("(#132001)"), "{error}");
    assert_eq!(error.request_id(), Some("cv.7"));
}

#[tokio::test]
async fn without_a_body_the_header_tells_the_code() {
    let error = refused(400, &[("x-ms-error-code", "BadRequest")], "", 1).await;
    assert_eq!(error.code(), Some("BadRequest"));
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn under_its_key_a_send_is_repeated_even_after_doubt() {
    for status in [408, 409, 429, 500, 502, 503, 504] {
        let error = refused(status, &[("retry-after-ms", "1")], "", 3).await;
        let expected = match status {
            429 => Delivery::NotSent,
            _ => Delivery::Unknown,
        };
        assert_eq!(error.delivery(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_forgotten_key_is_refused_and_nothing_is_sent() {
    let error = refused(412, &[], "", 1).await;
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Conflict, Delivery::NotSent)
    );
}

#[tokio::test]
async fn a_repetition_carries_the_same_key_and_bytes() {
    let mut server = Server::new_async().await;
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&seen);
    let mock = server
        .mock("POST", Matcher::Any)
        .with_status_code_from_request(move |request| {
            let value = |name: &str| request.header(name)[0].to_str().unwrap().to_owned();
            let mut log = log.lock().unwrap();
            log.push((
                value("repeatability-request-id"),
                value("repeatability-first-sent"),
                value("x-ms-client-request-id"),
                request.body().unwrap().clone(),
            ));
            if log.len() < 3 { 500 } else { 200 }
        })
        .with_body(r#"{"messageId":"1"}"#)
        .expect(3)
        .create_async()
        .await;
    let retry =
        RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let client = AcsMessagesClient::builder(server.url(), Credential::user(StaticToken::new("t")))
        .with_retry(retry)
        .build()
        .unwrap();
    client
        .conversation("19:a@thread.v2")
        .send(&ConversationContent::text("hi"))
        .await
        .unwrap();
    mock.assert_async().await;
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|tried| *tried == seen[0]), "{seen:?}");
}
