//! The neutral model on the wire.

use acs_chat::{AcsChatClient, ChatApiVersion};
use mockito::{Matcher, Server};
use ms_messenger_core::{
    Acceptance, Attachment, ErrorKind, FileReference, IdempotencyKey, Importance, Message,
    Messenger as _, SendRequest, StaticToken, Target,
};
use serde_json::json;

fn to(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation("19:a@thread.v2"), message)
}

async fn sends(message: Message, version: ChatApiVersion, body: Matcher) {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .match_body(body)
        .with_status(201)
        .with_header("ms-cv", "cv.2")
        .with_body(r#"{"id":"7"}"#)
        .create_async()
        .await;
    let client = AcsChatClient::builder(server.url(), StaticToken::new("t"))
        .with_api_version(version)
        .with_sender_display_name("Ops")
        .build()
        .unwrap();
    let receipt = client.send(&to(message)).await.unwrap();
    mock.assert_async().await;
    assert_eq!(receipt.acceptance, Acceptance::Posted);
    assert_eq!(receipt.message_id.unwrap().as_str(), "7");
    assert_eq!(receipt.conversation.unwrap().as_str(), "19:a@thread.v2");
    assert_eq!(receipt.request_id.as_deref(), Some("cv.2"));
    assert_eq!(receipt.accepted_at, None);
}

fn exactly(json: serde_json::Value) -> Matcher {
    Matcher::Json(json)
}

#[tokio::test]
async fn text_html_and_native_bodies_are_supported() {
    let stable = ChatApiVersion::V2025_03_15;
    let text = json!({"content": "hi", "type": "text", "senderDisplayName": "Ops"});
    sends(Message::text("hi"), stable.clone(), exactly(text)).await;
    let html = json!({"content": "<i>hi</i>", "type": "html", "senderDisplayName": "Ops"});
    sends(Message::html("<i>hi</i>"), stable.clone(), exactly(html)).await;
    let native = json!({"content": "hi", "type": "text", "senderDisplayName": "Lene", "metadata": {"a": "b"}});
    sends(
        Message::native("acs-chat", native.clone()),
        stable,
        exactly(native),
    )
    .await;
}

#[tokio::test]
async fn references_are_supported_in_the_preview() {
    let file = FileReference::new("https://contoso.com/a.pdf".parse().unwrap())
        .with_id("f1")
        .with_name("a.pdf");
    let image = FileReference::new("https://contoso.com/b.png".parse().unwrap());
    let message = Message::text("see")
        .with_attachment(Attachment::File(file))
        .with_attachment(Attachment::Image(image));
    let body = Matcher::AllOf(vec![
        Matcher::PartialJson(json!({"attachments": [
            {"id": "f1", "attachmentType": "file", "name": "a.pdf", "url": "https://contoso.com/a.pdf"},
            {"attachmentType": "image", "url": "https://contoso.com/b.png"}
        ]})),
        Matcher::Regex(r#""id":"[0-9a-f-]{36}","attachmentType":"image""#.into()),
    ]);
    sends(message, ChatApiVersion::V2024_03_15Preview, body).await;
}

#[tokio::test]
async fn everything_unsupported_is_rejected_at_once() {
    let client = AcsChatClient::builder(
        "https://contoso.communication.azure.com",
        StaticToken::new("t"),
    )
    .build()
    .unwrap();
    let file = FileReference::new("https://contoso.com/a.pdf".parse().unwrap());
    let message = Message::text("hi")
        .with_subject("s")
        .with_importance(Importance::High)
        .with_attachment(Attachment::File(file));
    let request = to(message)
        .with_reply_to("1")
        .with_idempotency(IdempotencyKey::random());
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "message.subject",
            "message.importance",
            "message.attachments[0]",
            "reply_to",
            "idempotency"
        ]
    );
}

#[tokio::test]
async fn a_bad_native_body_names_the_path() {
    let client = AcsChatClient::builder(
        "https://contoso.communication.azure.com",
        StaticToken::new("t"),
    )
    .build()
    .unwrap();
    for (payload, path, rule) in [
        (
            json!({"content": ["attack at dawn"]}),
            "message.body.native.payload.content",
            "expected a string",
        ),
        (
            json!("attack at dawn"),
            "message.body.native.payload",
            "expected an object",
        ),
        (
            json!({"content": "hi", "extra": "attack at dawn"}),
            "message.body.native.payload.extra",
            "a member that is not known",
        ),
        (
            json!({"content": "hi", "attachments": [{"id": "a"}]}),
            "message.body.native.payload.attachments[0]",
            "`attachmentType` is missing",
        ),
    ] {
        let error = client
            .send(&to(Message::native("acs-chat", payload)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.problems()[0].field, path);
        assert!(error.problems()[0].rule.starts_with(rule), "{error}");
        assert!(!format!("{error} {error:?}").contains("dawn"), "{error:?}");
    }
}
