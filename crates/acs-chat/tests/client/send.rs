//! What goes over the wire, and what comes back.

use acs_chat::{
    AcsChatBuilder, AcsChatClient, ChatApiVersion, ChatAttachment, ChatAttachmentType,
    ChatMessageType, SendChatMessageRequest,
};
use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{Delivery, ErrorKind, StaticToken};

const THREAD: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
const PATH: &str = "/chat/threads/19%3A34adfa4f-cedf-4dc0-ba29-b6d1a69ab345%40thread.v2/messages";

fn builder(server: &ServerGuard) -> AcsChatBuilder {
    AcsChatClient::builder(server.url(), StaticToken::new("user-token"))
}

#[tokio::test]
async fn a_message_is_posted_with_token_version_and_every_member() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", PATH)
        .match_query(Matcher::Exact("api-version=2024-03-15-preview".into()))
        .match_header("authorization", "Bearer user-token")
        .match_header("accept", "application/json")
        .match_header("content-type", "application/json")
        .match_header("x-ms-client-request-id", Matcher::Regex("^[0-9a-f-]{36}$".into()))
        .match_body(
            r#"{"content":"<b>hi</b>","senderDisplayName":"Lene","type":"html","metadata":{"ticket":"42"},"attachments":[{"id":"a1","attachmentType":"image","name":"plan.png","url":"https://contoso.com/plan.png","previewUrl":"https://contoso.com/small.png"}]}"#,
        )
        .with_status(201)
        .with_header("location", "https://contoso.communication.azure.com/chat/threads/19%3A34adfa4f@thread.v2/messages/1593072104708")
        .with_header("ms-cv", "cv.0")
        .with_body(r#"{"id":"1593072104708","later":"member"}"#)
        .create_async()
        .await;
    let client = builder(&server)
        .with_api_version(ChatApiVersion::V2024_03_15Preview)
        .build()
        .unwrap();
    let attachment = ChatAttachment::new(ChatAttachmentType::Image, "a1")
        .with_name("plan.png")
        .with_url("https://contoso.com/plan.png")
        .with_preview_url("https://contoso.com/small.png");
    let request = SendChatMessageRequest::html("<b>hi</b>")
        .with_sender_display_name("Lene")
        .with_metadata("ticket", "42")
        .with_attachment(attachment);

    let sent = client.thread(THREAD).send(&request).await.unwrap();

    mock.assert_async().await;
    assert_eq!(sent.id.as_str(), "1593072104708");
    assert!(sent.location.unwrap().ends_with("/messages/1593072104708"));
    assert_eq!(sent.request_id.as_deref(), Some("cv.0"));
}

#[tokio::test]
async fn the_stable_version_is_the_default_and_text_is_named() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", PATH)
        .match_query(Matcher::Exact("api-version=2025-03-15".into()))
        .match_body(r#"{"content":"hi","type":"text"}"#)
        .with_status(201)
        .with_body(r#"{"id":"1"}"#)
        .create_async()
        .await;
    let client = builder(&server).build().unwrap();
    let sent = client
        .thread(THREAD)
        .send(&SendChatMessageRequest::text("hi"))
        .await
        .unwrap();
    mock.assert_async().await;
    assert_eq!(sent.location, None);
}

#[tokio::test]
async fn what_the_service_would_refuse_is_refused_before_any_io_all_at_once() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = builder(&server).build().unwrap();
    let attachment = ChatAttachment::new(ChatAttachmentType::File, "");
    let request =
        SendChatMessageRequest::new(ChatMessageType::TopicUpdated, "").with_attachment(attachment);

    let error = client.thread("").send(&request).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), 0);
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "thread",
            "content",
            "type",
            "attachments[0].id",
            "attachments"
        ]
    );
    mock.assert_async().await;
}

#[tokio::test]
async fn attachments_in_the_stable_version_are_unsupported_and_the_right_version_is_named() {
    let server = Server::new_async().await;
    let client = builder(&server).build().unwrap();
    let request = SendChatMessageRequest::text("hi")
        .with_attachment(ChatAttachment::new(ChatAttachmentType::File, "a1"));
    let error = client.thread(THREAD).send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("2024-03-15-preview"), "{error}");
}

#[tokio::test]
async fn a_message_above_the_published_size_is_refused_unless_the_guard_is_off() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .with_status(201)
        .with_body(r#"{"id":"1"}"#)
        .create_async()
        .await;
    let large = SendChatMessageRequest::text("x".repeat(29 * 1024));
    let client = builder(&server).build().unwrap();
    let error = client.thread(THREAD).send(&large).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(error.problems()[0].field, "content");

    let client = builder(&server)
        .with_max_message_bytes(None)
        .build()
        .unwrap();
    client.thread(THREAD).send(&large).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn an_unreadable_success_is_sent() {
    for (status, body) in [(201, "not json"), (201, "{}"), (200, r#"{"id":"1"}"#)] {
        let mut server = Server::new_async().await;
        server
            .mock("POST", Matcher::Any)
            .with_status(status)
            .with_body(body)
            .create_async()
            .await;
        let client = builder(&server).build().unwrap();
        let error = client
            .thread(THREAD)
            .send(&SendChatMessageRequest::text("hi"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        assert_eq!(error.delivery(), Delivery::Sent, "{body}");
        assert_eq!(error.attempts(), 1, "{body}");
    }
}

#[test]
fn unusable_settings_are_named_at_once() {
    let token = StaticToken::new("hunter2");
    let error = AcsChatClient::builder("http://contoso.com", token)
        .with_api_version("2025 03".into())
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}
