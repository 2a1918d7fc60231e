//! What goes over the wire, and what comes back.

use acs_messages::{
    AcsMessagesBuilder, AcsMessagesClient, ActionBindings, ConversationContent, Credential,
    DocumentContent, InteractiveMessage, MediaContent, MessageTemplate, NotificationContent,
    NotificationKind, OutboundDeliveryStrategy, ReplyButton, SendOptions, TemplateValueKind,
};
use mockito::{Matcher, Mock, Server, ServerGuard};
use ms_messenger_core::{Delivery, ErrorKind, IdempotencyKey, StaticToken};
use serde_json::{Value, json};

const CONVERSATION: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";
const PATH: &str =
    "/messages/conversations/19%3A34adfa4f-cedf-4dc0-ba29-b6d1a69ab345%40thread.v2/messages:send";
const CHANNEL: &str = "0f0eb78e-a576-1dfc-b414-0f0756de3338";
const GUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
const HTTP_DATE: &str = "^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$";

fn builder(server: &ServerGuard) -> AcsMessagesBuilder {
    let key = "endpoint=".to_owned() + &server.url() + "/;accesskey=c2VjcmV0LWtleQ==";
    AcsMessagesBuilder::from_connection_string(&key).unwrap()
}

fn url(text: &str) -> url::Url {
    text.parse().unwrap()
}

async fn conversation_mock(server: &mut ServerGuard, body: &str) -> Mock {
    server
        .mock("POST", PATH)
        .match_query(Matcher::Exact("api-version=2025-04-01-preview".into()))
        .match_header("repeatability-request-id", Matcher::Regex(GUID.into()))
        .match_header("repeatability-first-sent", Matcher::Regex(HTTP_DATE.into()))
        .match_header("x-ms-client-request-id", Matcher::Regex(GUID.into()))
        .match_body(body)
        .with_status(200)
        .with_header("repeatability-result", "accepted")
        .with_header("ms-cv", "cv.1")
        .with_body(r#"{"messageId":"1593107077690"}"#)
        .create_async()
        .await
}

#[tokio::test]
async fn each_kind_of_a_conversation_has_its_own_body() {
    let media_uri = url("https://contoso.com/a");
    let media = MediaContent::new(media_uri.clone()).with_caption("see");
    let kinds = [
        (
            ConversationContent::text("hi"),
            json!({"kind": "text", "content": "hi"}),
        ),
        (
            ConversationContent::image(media.clone()),
            json!({"kind": "image", "mediaUri": "https://contoso.com/a", "caption": "see"}),
        ),
        (
            ConversationContent::document(
                DocumentContent::new(media_uri.clone()).with_file_name("a.pdf"),
            ),
            json!({"kind": "document", "mediaUri": "https://contoso.com/a", "fileName": "a.pdf"}),
        ),
        (
            ConversationContent::video(media),
            json!({"kind": "video", "mediaUri": "https://contoso.com/a", "caption": "see"}),
        ),
        (
            ConversationContent::audio(media_uri),
            json!({"kind": "audio", "mediaUri": "https://contoso.com/a"}),
        ),
        (
            ConversationContent::template(
                MessageTemplate::new("t", "en").bind_body(TemplateValueKind::text("x")),
            ),
            json!({"kind": "template", "template": {"name": "t", "language": "en",
                "values": [{"name": "value1", "kind": "text", "text": "x"}],
                "bindings": {"kind": "whatsApp", "body": [{"refValue": "value1"}]}}}),
        ),
        (
            serde_json::from_value(json!({"kind": "hologram", "depth": 3})).unwrap(),
            json!({"kind": "hologram", "depth": 3}),
        ),
    ];
    for (content, json) in kinds {
        let mut server = Server::new_async().await;
        let body = serde_json::to_string(&json!({"request": json})).unwrap();
        let mock = server
            .mock("POST", PATH)
            .match_query(Matcher::Any)
            .match_body(Matcher::JsonString(body))
            .with_body(r#"{"messageId":"1"}"#)
            .create_async()
            .await;
        let client = builder(&server).build().unwrap();
        client
            .conversation(CONVERSATION)
            .send(&content)
            .await
            .unwrap();
        mock.assert_async().await;
        let read: ConversationContent = serde_json::from_value(json).unwrap();
        assert_eq!(read, content);
    }
}

#[tokio::test]
async fn a_send_is_signed_and_carries_version_key_and_strategy() {
    let mut server = Server::new_async().await;
    let body = r#"{"request":{"kind":"text","content":"hi"},"outboundDeliveryStrategy":"allParticipants"}"#;
    let mock = conversation_mock(&mut server, body).await;
    let signed = server
        .mock("POST", PATH)
        .match_query(Matcher::Any)
        .match_header("authorization", Matcher::Regex("^HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=[A-Za-z0-9+/]{43}=$".into()))
        .match_header("x-ms-date", Matcher::Regex(HTTP_DATE.into()))
        .match_header("x-ms-content-sha256", Matcher::Regex("^[A-Za-z0-9+/]{43}=$".into()))
        .with_body(r#"{"messageId":"2"}"#)
        .create_async()
        .await;
    let client = builder(&server)
        .with_outbound_delivery_strategy(OutboundDeliveryStrategy::AllParticipants)
        .build()
        .unwrap();
    let conversation = client.conversation(CONVERSATION);

    let sent = conversation
        .send(&ConversationContent::text("hi"))
        .await
        .unwrap();

    mock.assert_async().await;
    assert_eq!(sent.id.as_str(), "1593107077690");
    assert_eq!(sent.repeatability.unwrap().as_str(), "accepted");
    assert_eq!(sent.request_id.as_deref(), Some("cv.1"));
    // Another body matches the other mock, which asserts the signature.
    conversation
        .send(&ConversationContent::text("ho"))
        .await
        .unwrap();
    signed.assert_async().await;
}

#[tokio::test]
async fn the_key_of_the_caller_is_kept() {
    let mut server = Server::new_async().await;
    let key = IdempotencyKey::random();
    let mock = server
        .mock("POST", PATH)
        .match_query(Matcher::Any)
        .match_header("repeatability-request-id", key.id.to_string().as_str())
        .match_body(Matcher::PartialJson(
            json!({"outboundDeliveryStrategy": "internalOnly"}),
        ))
        .with_body(r#"{"messageId":"1"}"#)
        .create_async()
        .await;
    let options = SendOptions::default()
        .with_idempotency(key)
        .with_outbound_delivery_strategy(OutboundDeliveryStrategy::InternalOnly);
    let client = builder(&server).build().unwrap();
    let conversation = client.conversation(CONVERSATION);
    conversation
        .send_with(&ConversationContent::text("hi"), &options)
        .await
        .unwrap();
    mock.assert_async().await;
}

async fn notification(content: NotificationKind, version: &str, json: Value) {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", "/messages/notifications:send")
        .match_query(Matcher::Exact(format!("api-version={version}")))
        .match_header("authorization", "Bearer entra-token")
        .match_header("repeatability-request-id", Matcher::Regex(GUID.into()))
        .match_header("repeatability-first-sent", Matcher::Regex(HTTP_DATE.into()))
        .match_body(Matcher::Json(json))
        .with_status(202)
        .with_header("repeatability-result", "accepted")
        .with_body(r#"{"receipts":[{"messageId":"9b7ee2a8","to":"+1 (425) 555-0123"}]}"#)
        .create_async()
        .await;
    let client = AcsMessagesClient::builder(
        server.url(),
        Credential::entra(StaticToken::new("entra-token")),
    )
    .build()
    .unwrap();
    let content = NotificationContent::new(CHANNEL.parse().unwrap(), "+1 (425) 555-0123", content);
    let sent = client.notifications().send(&content).await.unwrap();
    mock.assert_async().await;
    assert_eq!(sent.id, "9b7ee2a8");
    assert_eq!(sent.receipts[0].message_id, "9b7ee2a8");
    assert_eq!(sent.receipts[0].to, "+1 (425) 555-0123");
    assert_eq!(sent.repeatability.unwrap().as_str(), "accepted");
}

#[tokio::test]
async fn each_kind_of_a_notification_has_its_own_body_and_version() {
    let media_uri = url("https://contoso.com/a");
    let (stable, preview) = ("2024-08-30", "2025-01-15-preview");
    let with = |members: Value| {
        let mut body = json!({"channelRegistrationId": CHANNEL, "to": ["+1 (425) 555-0123"]});
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        body
    };
    let media = |kind: &str| with(json!({"kind": kind, "mediaUri": "https://contoso.com/a"}));
    notification(
        NotificationKind::text("hi"),
        stable,
        with(json!({"kind": "text", "content": "hi"})),
    )
    .await;
    notification(
        NotificationKind::image(media_uri.clone()),
        stable,
        media("image"),
    )
    .await;
    notification(
        NotificationKind::image_v0(media_uri.clone(), None),
        stable,
        media("image_v0"),
    )
    .await;
    notification(
        NotificationKind::video(media_uri.clone()),
        stable,
        media("video"),
    )
    .await;
    notification(
        NotificationKind::document(media_uri.clone()),
        stable,
        media("document"),
    )
    .await;
    notification(
        NotificationKind::audio(media_uri.clone()),
        stable,
        media("audio"),
    )
    .await;
    notification(
        NotificationKind::sticker(media_uri),
        preview,
        media("sticker"),
    )
    .await;
    let template = MessageTemplate::new("t", "en_US").bind_quick_reply("yes");
    let json = with(
        json!({"kind": "template", "template": {"name": "t", "language": "en_US",
        "values": [{"name": "value1", "kind": "quickAction", "payload": "yes"}],
        "bindings": {"kind": "whatsApp", "buttons": [{"subType": "quickReply", "refValue": "value1"}]}}}),
    );
    notification(NotificationKind::template(template), stable, json).await;
    let reaction = NotificationKind::reaction("😀", "m1");
    notification(
        reaction,
        preview,
        with(json!({"kind": "reaction", "emoji": "😀", "messageId": "m1"})),
    )
    .await;
    let action =
        ActionBindings::buttons([ReplyButton::new("y", "Yes"), ReplyButton::new("n", "No")]);
    let interactive =
        NotificationKind::interactive(InteractiveMessage::new("Keep the slot?", action));
    let json = with(json!({"kind": "interactive", "interactiveMessage": {
        "body": {"kind": "text", "text": "Keep the slot?"},
        "action": {"kind": "whatsAppButtonAction", "content": {"kind": "buttonSet",
            "buttons": [{"id": "y", "title": "Yes"}, {"id": "n", "title": "No"}]}}}}));
    notification(interactive, preview, json).await;
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
    let mut content = NotificationContent::new(
        CHANNEL.parse().unwrap(),
        "lene",
        NotificationKind::text("x".repeat(4097)),
    );
    content.to.push("+1".into());

    let error = client.notifications().send(&content).await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields, ["to", "to[0]", "content"]);

    let audio = ConversationContent::audio(url("http://contoso.com/a"));
    let old = IdempotencyKey::new(IdempotencyKey::random().id, std::time::UNIX_EPOCH);
    let options = SendOptions::default().with_idempotency(old);
    let error = client
        .conversation("")
        .send_with(&audio, &options)
        .await
        .unwrap_err();
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["conversation", "request.mediaUri", "idempotency.first_sent"]
    );
    assert_eq!(error.idempotency(), Some(&old));
    // That the key is old says that it was used: what it was used for may be out.
    assert_eq!(
        (error.kind(), error.delivery(), error.attempts()),
        (ErrorKind::Conflict, Delivery::Unknown, 0)
    );
    mock.assert_async().await;
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_sent() {
    for (status, body) in [
        (200, "{"),
        (200, r#"{"id":1}"#),
        (202, r#"{"messageId":"1"}"#),
    ] {
        let mut server = Server::new_async().await;
        server
            .mock("POST", PATH)
            .match_query(Matcher::Any)
            .with_status(status)
            .with_body(body)
            .create_async()
            .await;
        let client = builder(&server).build().unwrap();
        let error = client
            .conversation(CONVERSATION)
            .send(&ConversationContent::text("hi"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Protocol, Delivery::Sent),
            "{body}"
        );
    }
}

#[test]
fn unusable_settings_are_named_at_once_without_a_secret() {
    let credential = Credential::access_key("aHVudGVyMg==").unwrap();
    let error = AcsMessagesClient::builder("contoso", credential)
        .with_channel_registration_id("nope")
        .with_notification_version("")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.problems().len(), 3, "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}
