//! What a refusal proves.

use std::time::Duration;

use acs_chat::{AcsChatClient, SendChatMessageRequest};
use mockito::{Matcher, Server};
use ms_messenger_core::{Delivery, Error, ErrorKind, RetryPolicy, StaticToken};

/// One send that gets `status`, `headers` and `body`, and the number of its attempts.
async fn refused(status: usize, headers: &[(&str, &str)], body: &str, attempts: usize) -> Error {
    let mut server = Server::new_async().await;
    let mut mock = server
        .mock("POST", Matcher::Any)
        .with_status(status)
        .with_body(body);
    for (name, value) in headers {
        mock = mock.with_header(*name, value);
    }
    let mock = mock.expect(attempts).create_async().await;
    let retry = RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let client = AcsChatClient::builder(server.url(), StaticToken::new("t"))
        .with_retry_policy(retry)
        .build()
        .unwrap();
    let message = SendChatMessageRequest::text("hi");
    let error = client
        .thread("19:a@thread.v2")
        .send(&message)
        .await
        .unwrap_err();
    mock.assert_async().await;
    assert_eq!(error.platform(), Some("acs-chat"));
    assert_eq!(error.status().map(usize::from), Some(status));
    assert_eq!(error.attempts() as usize, attempts);
    error
}

#[tokio::test]
async fn a_forbidden_thread_says_who_may_send() {
    let body = r#"{"CommunicationError":{"Code":"Forbidden","Message":"The initiator doesn't have the permission.","Details":[]}}"#;
    let error = refused(403, &[("ms-cv", "cv.1")], body, 1).await;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.code(), Some("Forbidden"));
    assert_eq!(error.request_id(), Some("cv.1"));
    assert!(
        error.message().starts_with("The initiator doesn't"),
        "{error}"
    );
    assert!(
        error.message().contains("take part in the thread"),
        "{error}"
    );
}

#[tokio::test]
async fn an_empty_401_says_which_token_is_taken() {
    let error = refused(401, &[], "", 1).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.message().contains("token"), "{error}");
}

#[tokio::test]
async fn too_many_requests_are_retried_and_then_reported_with_the_wait() {
    let body = r#"{"error":{"code":"TooManyRequests","message":"Slow down."}}"#;
    let error = refused(429, &[("retry-after", "0")], body, 3).await;
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.retry_after(), Some(Duration::ZERO));
}

#[tokio::test]
async fn unavailable_with_a_wait_is_throttling_and_without_one_is_unknown() {
    let throttled = refused(503, &[("retry-after", "0")], "", 3).await;
    assert_eq!(throttled.delivery(), Delivery::NotSent);
    let unknown = refused(503, &[], "", 1).await;
    assert_eq!(unknown.kind(), ErrorKind::Service);
    assert_eq!(unknown.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_gateway_failure_is_unknown_and_not_retried() {
    for status in [408, 409, 500, 502, 504] {
        let error = refused(status, &[], "<html>gateway</html>", 1).await;
        assert_eq!(error.delivery(), Delivery::Unknown, "{status}");
    }
}

#[tokio::test]
async fn validation_details_are_reported() {
    let body = r#"{"communicationError":{"code":"BadRequest","message":"One or more validation errors occurred.","details":[{"message":"The input was not valid.","target":"type"}]}}"#;
    let error = refused(400, &[], body, 1).await;
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.message(),
        "One or more validation errors occurred; type: The input was not valid."
    );
}
