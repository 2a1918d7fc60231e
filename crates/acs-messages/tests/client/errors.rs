//! What a refusal proves, and what a key is good for.

use std::time::Duration;

use acs_messages::{AcsMessagesClient, ConversationContent, Credential, SendOptions};
use mockito::{Matcher, Server};
use ms_messenger_core::{
    Delivery, Error, ErrorKind, IdempotencyKey, Message, Messenger as _, RetryPolicy, SendRequest,
    StaticToken, Target,
};

/// One send that always gets `status` and `body`, and the number of its attempts.
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
    let client = AcsMessagesClient::builder(server.url(), Credential::user(StaticToken::new("t")))
        .with_retry_policy(retry)
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
    assert_eq!(error.attempts() as usize, attempts);
    assert!(error.idempotency().is_some());
    error
}

#[tokio::test]
async fn a_rejection_reports_code_inner_message_and_request_id() {
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
async fn without_a_body_the_header_has_the_code() {
    let error = refused(400, &[("x-ms-error-code", "BadRequest")], "", 1).await;
    assert_eq!(error.code(), Some("BadRequest"));
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn under_its_key_a_send_is_retried_even_if_unknown() {
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

/// The same send twice, natively and by the neutral model, under a key of the caller.
async fn refused_under(key: IdempotencyKey, status: usize, result: &str, body: &str) -> [Error; 2] {
    let mut server = Server::new_async().await;
    server
        .mock("POST", Matcher::Any)
        .with_status(status)
        .with_header("repeatability-result", result)
        .with_body(body)
        .create_async()
        .await;
    let client = AcsMessagesClient::builder(server.url(), Credential::user(StaticToken::new("t")))
        .with_retry_policy(RetryPolicy::never())
        .build()
        .unwrap();
    let options = SendOptions::default().with_idempotency(key);
    let content = ConversationContent::text("hi");
    let native = client.conversation("c").send_with(&content, &options).await;
    let request = SendRequest::new(Target::conversation("c"), Message::text("hi"));
    let neutral = client.send(&request.with_idempotency(key)).await;
    let errors = [native.unwrap_err(), neutral.unwrap_err()];
    for error in &errors {
        assert_eq!(error.idempotency(), Some(&key));
    }
    errors
}

fn aged(seconds: u64) -> IdempotencyKey {
    let first_sent = std::time::SystemTime::now() - Duration::from_secs(seconds);
    IdempotencyKey::new(IdempotencyKey::random().id, first_sent)
}

#[tokio::test]
async fn a_key_of_the_caller_that_is_refused_says_nothing_of_its_first_use() {
    let differs = r#"{"error":{"code":"BadRequest","message":"Repeatability-Request-ID was used for a different request."}}"#;
    for (key, status, result, body) in [
        (aged(1), 400, "rejected", differs),
        (aged(1), 400, "Rejected", ""),
        (aged(290), 412, "rejected", ""),
        (aged(290), 412, "", ""),
    ] {
        for error in refused_under(key, status, result, body).await {
            assert_eq!(
                (error.kind(), error.delivery()),
                (ErrorKind::Conflict, Delivery::Unknown)
            );
            assert_eq!(error.attempts(), 1);
            assert!(error.message().contains("may be out"), "{error}");
            assert!(error.began_at().is_some());
        }
    }
    for error in refused_under(aged(301), 500, "", "").await {
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Conflict, Delivery::Unknown)
        );
        assert_eq!(error.attempts(), 0);
        assert!(error.message().contains("may be out"), "{error}");
        assert!(error.began_at().is_some());
        assert!(!error.is_safe_to_resend());
    }
}

#[tokio::test]
async fn a_refusal_of_the_content_proves_nothing_of_an_earlier_call_under_the_key() {
    let named = r#"{"error":{"code":"BadRequest","message":"A non-empty Content is required."}}"#;
    for (status, result, body) in [
        (400, "accepted", named),
        (400, "", ""),
        (404, "accepted", ""),
    ] {
        for (age, delivery) in [(0, Delivery::NotSent), (20, Delivery::Unknown)] {
            for error in refused_under(aged(age), status, result, body).await {
                assert_eq!(error.delivery(), delivery, "{age} {status} {body}");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_delivery_outlives_the_key() {
    let mut server = Server::new_async().await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    server
        .mock("POST", Matcher::Any)
        .with_status_code_from_request(move |_| {
            match count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => 500,
                _ => 412,
            }
        })
        .expect(2)
        .create_async()
        .await;
    let retry =
        RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let client = AcsMessagesClient::builder(server.url(), Credential::user(StaticToken::new("t")))
        .with_retry_policy(retry)
        .build()
        .unwrap();
    let content = ConversationContent::text("hi");
    let error = client.conversation("c").send(&content).await.unwrap_err();
    assert_eq!(
        (error.status(), error.delivery()),
        (Some(412), Delivery::Unknown)
    );
}

#[tokio::test]
async fn details_are_reported_in_one_bounded_line() {
    let body = r#"{"communicationError":{"code":"BadRequest","message":"One or more validation errors occurred.","details":[{"message":"A value was not provided.","target":"dto"},{"message":"Unexpected\r\n\u001b[31mtoken.","target":"participants[0].cloud"}]}}"#;
    let error = refused(400, &[], body, 1).await;
    assert_eq!(
        (error.code(), error.delivery()),
        (Some("BadRequest"), Delivery::NotSent)
    );
    assert!(
        error
            .message()
            .contains("participants[0].cloud: Unexpected"),
        "{error}"
    );
    assert!(!error.to_string().contains(char::is_control));
    let words = "x\n".repeat(1_000_000);
    let body = serde_json::json!({"error": {"code": words, "message": words, "target": words}});
    let error = refused(404, &[], &body.to_string(), 1).await;
    assert!(error.to_string().len() < 8_192);
    assert!(!error.to_string().contains(char::is_control));
}

#[test]
fn a_builder_shows_no_secret_of_its_address() {
    let address = "https://lene:hunter2@contoso.com/?key=hunter2#hunter2";
    let credential = Credential::user(StaticToken::new("hunter2"));
    let builder = AcsMessagesClient::builder(address, credential);
    assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
    let error = builder.build().unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_retry_has_the_same_key_and_bytes() {
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
        .with_retry_policy(retry)
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
