//! What a refusal proves: the body says more than the status.

use std::sync::atomic::{AtomicUsize, Ordering};

use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, StaticToken, TokenProvider, auth::TokenFn,
};
use msgraph_chat::{GraphChatClient, NewChatMessage};
use serde_json::json;

const EXPIRED: &str = r#"{"error":{"code":"","message":"No authorization information present on the request.","innerError":{"date":"2025-07-20T17:27:09","request-id":"r"}}}"#;
const APPLICATION: &str = r#"{"error":{"code":"PreconditionFailed","message":"Requested API is not supported in application-only context"}}"#;

fn client(server: &ServerGuard, token: impl TokenProvider) -> GraphChatClient {
    GraphChatClient::builder(token)
        .with_base_url(server.url())
        .build()
        .unwrap()
}

async fn refusal(status: usize, body: &str) -> Error {
    let mut server = Server::new_async().await;
    let once = server
        .mock("POST", Matcher::Any)
        .with_status(status)
        .with_body(body)
        .expect(1)
        .create_async()
        .await;
    let chat = client(&server, StaticToken::new("t")).chat("19:a@thread.v2");
    let error = chat.send(&NewChatMessage::text("hi")).await.unwrap_err();
    once.assert_async().await;
    error
}

#[tokio::test]
async fn a_400_without_a_reason_leaves_the_delivery_unknown() {
    for body in [
        r#"{"error":{"code":"BadRequest","message":"Bad Request"}}"#,
        r#"{"error":{"code":"badRequest","message":"bad request."}}"#,
        r#"{"error":{"code":"","message":""}}"#,
        r#"{"error":{"code":"BadRequest","message":"Bad Request","innerError":{"code":"BadRequest","date":"2025-07-20T17:27:09","request-id":"r","client-request-id":"c"}}}"#,
        r#"{"error":{"code":"UnknownError","message":"","innerError":{"code":"400"}}}"#,
        r#"{"error":{}}"#,
        "{}",
        "",
        "<html>Bad Request</html>",
        "{\"error\":{\"code\":\"Bad",
    ] {
        let error = refusal(400, body).await;
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::InvalidRequest, Delivery::Unknown),
            "{body}"
        );
        assert!(!error.is_safe_to_resend());
        assert!(error.began_at().is_some());
        assert!(error.message().contains("named no reason"), "{error}");
    }
}

#[tokio::test]
async fn a_400_that_names_its_reason_was_not_executed() {
    for body in [
        r#"{"error":{"code":"BadRequest","message":"Invalid request body was sent."}}"#,
        r#"{"error":{"code":"BadRequest","message":"Bad Request","innerError":{"message":"Missing body content"}}}"#,
        r#"{"error":{"code":"BadRequest","message":"","details":[{"message":"Bad Request: the subject is too long"}]}}"#,
        r#"{"error":{"code":"InvalidRequest","message":""}}"#,
        r#"{"error":{"code":"BadRequest","message":"Неверный запрос"}}"#,
    ] {
        let error = refusal(400, body).await;
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::InvalidRequest, Delivery::NotSent),
            "{body}"
        );
    }
}

fn numbered() -> impl TokenProvider {
    let count = AtomicUsize::new(0);
    TokenFn::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move { Ok(AccessToken::new(format!("token-{number}"))) }
    })
}

#[tokio::test]
async fn a_403_without_authorization_renews_the_token_once() {
    let mut server = Server::new_async().await;
    let old = server
        .mock("POST", Matcher::Any)
        .match_header("authorization", "Bearer token-0")
        .with_status(403)
        .with_body(EXPIRED)
        .expect(1)
        .create_async()
        .await;
    let new = server
        .mock("POST", Matcher::Any)
        .match_header("authorization", "Bearer token-1")
        .with_status(201)
        .with_body(r#"{"id":"1"}"#)
        .expect(1)
        .create_async()
        .await;
    let chat = client(&server, numbered()).chat("19:a@thread.v2");
    chat.send(&NewChatMessage::text("hi")).await.unwrap();
    old.assert_async().await;
    new.assert_async().await;
}

#[tokio::test]
async fn a_403_without_authorization_for_the_new_token_too_is_a_refusal() {
    let mut server = Server::new_async().await;
    let both = server
        .mock("POST", Matcher::Any)
        .with_status(403)
        .with_body(EXPIRED)
        .expect(2)
        .create_async()
        .await;
    let chat = client(&server, numbered()).chat("19:a@thread.v2");
    let error = chat.send(&NewChatMessage::text("hi")).await.unwrap_err();
    both.assert_async().await;
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Unauthenticated, Delivery::NotSent)
    );
    assert_eq!((error.status(), error.attempts()), (Some(403), 2));
    assert!(error.message().contains("has expired"), "{error}");
}

#[tokio::test]
async fn any_other_403_is_a_permission_that_is_missing_and_names_that_of_the_operation() {
    let body = json!({"error": {"code": "Forbidden", "message": "Insufficient privileges."}});
    let error = refusal(403, &body.to_string()).await;
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::PermissionDenied, 1)
    );
    assert!(error.message().contains("ChatMessage.Send"), "{error}");

    let mut server = Server::new_async().await;
    let chats = server.mock("POST", "/chats").with_status(403);
    let chats = chats.with_body(body.to_string()).create_async().await;
    let client = client(&server, StaticToken::new("t"));
    let error = client.one_on_one_chat("a", "b").await.unwrap_err();
    chats.assert_async().await;
    assert!(error.message().contains("needs Chat.Create"), "{error}");
    assert!(!error.message().contains("Send"), "{error}");
}

#[tokio::test]
async fn a_refusal_of_an_application_has_the_message_of_the_local_one() {
    for status in [412, 403, 400] {
        let error = refusal(status, APPLICATION).await;
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.status().map(usize::from), Some(status));
        assert!(error.message().contains("for users only"), "{error}");
        assert!(
            error.message().contains("application-only context"),
            "{error}"
        );
    }
    let error = refusal(
        412,
        r#"{"error":{"code":"PreconditionFailed","message":"If-Match."}}"#,
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn messages_and_codes_of_the_service_are_one_bounded_line() {
    let words = "x\r\n\u{1b}[31m".repeat(100_000);
    let body = json!({"error": {"code": words, "message": words, "details": [{"message": words}],
        "innerError": {"code": words, "message": "y"}}});
    let error = refusal(404, &body.to_string()).await;
    let shown = error.to_string();
    assert!(shown.len() < 8_192, "{}", shown.len());
    assert!(!shown.contains(char::is_control));
    assert!(error.code().unwrap().len() < 4_096);
}

#[test]
fn a_builder_shows_no_secret_of_its_address() {
    let builder = GraphChatClient::builder(StaticToken::new("hunter2"))
        .with_base_url("https://lene:hunter2@contoso.com/v1.0?key=hunter2#hunter2");
    assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
    let error = builder.build().unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_token_for_another_resource_is_reported_as_such() {
    let body = json!({"error": {"code": "InvalidAuthenticationToken",
        "message": "Access token validation failure. Invalid audience."}});
    let mut server = Server::new_async().await;
    server
        .mock("POST", Matcher::Any)
        .with_status(401)
        .with_body(body.to_string())
        .expect(2)
        .create_async()
        .await;
    let chat = client(&server, numbered()).chat("19:a@thread.v2");
    let error = chat.send(&NewChatMessage::text("hi")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unauthenticated, Some(401))
    );
    assert!(error.message().contains("another cloud"), "{error}");
}
