//! The neutral model on the wire.

use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{
    Acceptance, Attachment, Card, CardKind, Delivery, ErrorKind, FileReference, IdempotencyKey,
    Importance, InlineImage, Message, Messenger as _, SendRequest, StaticToken, Target,
};
use msgraph_chat::GraphChatClient;
use serde_json::json;

const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
const POSTED: &str = r#"{"id":"7","createdDateTime":"2026-03-29T03:53:52.035Z"}"#;

fn client(server: &ServerGuard) -> GraphChatClient {
    GraphChatClient::builder(StaticToken::new("t"))
        .with_base_url(server.url())
        .with_one_on_one_chats("me@contoso.com")
        .build()
        .unwrap()
}

async fn sends(request: SendRequest, path: &str, body: Matcher, conversation: &str) {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", path)
        .match_body(body)
        .with_status(201)
        .with_header("request-id", "r1")
        .with_body(POSTED)
        .create_async()
        .await;
    let receipt = client(&server).send(&request).await.unwrap();
    mock.assert_async().await;
    assert_eq!(receipt.acceptance, Acceptance::Posted);
    assert_eq!(receipt.message_id.unwrap().as_str(), "7");
    assert_eq!(receipt.conversation.unwrap().as_str(), conversation);
    assert!(receipt.accepted_at.is_some());
    assert_eq!(receipt.request_id.as_deref(), Some("r1"));
}

#[tokio::test]
async fn channels_replies_chats_and_quotes() {
    let hi = || Message::text("hi");
    let body = json!({"body": {"contentType": "text", "content": "hi"}});
    let exact = || Matcher::Json(body.clone());
    let channel = || Target::channel(TEAM, "19:c@thread.tacv2");
    let chat = || Target::conversation("19:a@thread.v2");
    let messages = format!("/teams/{TEAM}/channels/19:c@thread.tacv2/messages");
    let messages = messages.as_str();
    sends(
        SendRequest::new(channel(), hi()),
        messages,
        exact(),
        "19:c@thread.tacv2",
    )
    .await;
    let response = SendRequest::new(channel(), hi()).with_reply_to("5");
    sends(
        response,
        &format!("{messages}/5/replies"),
        exact(),
        "19:c@thread.tacv2",
    )
    .await;
    sends(
        SendRequest::new(chat(), hi()),
        "/chats/19:a@thread.v2/messages",
        exact(),
        "19:a@thread.v2",
    )
    .await;
    let quote = json!({"messageIds": ["5"], "replyMessage": body});
    let request = SendRequest::new(chat(), hi()).with_reply_to("5");
    sends(
        request,
        "/chats/19:a@thread.v2/messages/replyWithQuote",
        Matcher::Json(quote),
        "19:a@thread.v2",
    )
    .await;
}

#[tokio::test]
async fn attachments_follow_the_content_with_their_markers() {
    let file = FileReference::new("https://a.com/f".parse().unwrap())
        .with_id("f")
        .with_name("f.pdf");
    let message = Message::text("a<b")
        .with_subject("s")
        .with_importance(Importance::Urgent)
        .with_attachment(Attachment::File(file))
        .with_attachment(Attachment::InlineImage(InlineImage::new(
            "image/png",
            *b"png",
        )))
        .with_attachment(Attachment::Card(Card::new(
            CardKind::Hero,
            json!({"title": "x"}),
        )));
    let body = Matcher::AllOf(vec![
        Matcher::PartialJson(json!({"subject": "s", "importance": "urgent",
            "attachments": [{"id": "f", "contentType": "reference", "contentUrl": "https://a.com/f", "name": "f.pdf"},
                {"contentType": "application/vnd.microsoft.card.hero", "content": "{\"title\":\"x\"}"}],
            "hostedContents": [{"@microsoft.graph.temporaryId": "1", "contentBytes": "cG5n"}]})),
        Matcher::Regex(r#"a&lt;b<attachment id=\\"f\\"></attachment><img src=\\"../hostedContents/1/\$value\\"><attachment id="#.into()),
    ]);
    let request = SendRequest::new(Target::channel(TEAM, "19:c"), message);
    let path = format!("/teams/{TEAM}/channels/19:c/messages");
    sends(request, &path, body, "19:c").await;
}

#[tokio::test]
async fn a_text_keeps_its_line_breaks_and_one_line_goes_as_text() {
    for (text, kind, content) in [
        ("a < b & \"c\"", "text", "a < b & \"c\""),
        ("  a\tb  c", "text", "  a\tb  c"),
        ("\u{1b}[31mred\u{1b}[0m", "text", "\u{1b}[31mred\u{1b}[0m"),
        ("a\n<b>\r\nc\rd", "html", "a<br>&lt;b&gt;<br>c<br>d"),
        ("a\u{2028}b", "html", "a<br>b"),
        ("if:\n  x", "html", "if:<br>&nbsp;&nbsp;x"),
    ] {
        let body = json!({"body": {"contentType": kind, "content": content}});
        let request = SendRequest::new(Target::conversation("c"), Message::text(text));
        sends(
            request,
            "/chats/c/messages",
            Matcher::Json(body.clone()),
            "c",
        )
        .await;
        let native = msgraph_chat::NewChatMessage::text(text);
        assert_eq!(serde_json::to_value(&native).unwrap(), body);
        let composed = msgraph_chat::NewChatMessage::compose().text(text).build();
        assert_eq!(serde_json::to_value(&composed).unwrap(), body);
    }
}

#[tokio::test]
async fn attachments_follow_a_native_body_with_their_markers() {
    let native = json!({"body": {"contentType": "html", "content": "<at id=\"0\">R</at> hi"},
        "mentions": [{"id": 0, "mentionText": "R", "mentioned": {"user":
            {"id": "8ea0e38b-efb3-4757-924a-5f94061cf8c2"}}}]});
    let file = FileReference::new("https://a.com/f".parse().unwrap()).with_id("f");
    let message =
        Message::native("msgraph-chat", native.clone()).with_attachment(Attachment::File(file));
    let mut body = native;
    body["body"]["content"] = json!("<at id=\"0\">R</at> hi<attachment id=\"f\"></attachment>");
    body["attachments"] = json!([{"id": "f", "contentType": "reference",
        "contentUrl": "https://a.com/f"}]);
    let request = SendRequest::new(Target::conversation("c"), message);
    sends(
        request,
        "/chats/c/messages",
        Matcher::PartialJson(body),
        "c",
    )
    .await;
    let unreadable = json!({"body": {"contentType": "markdown", "content": "x"}});
    let image = InlineImage::new("image/png", *b"png");
    let message =
        Message::native("msgraph-chat", unreadable).with_attachment(Attachment::InlineImage(image));
    let request = SendRequest::new(Target::conversation("c"), message);
    let error = client(&Server::new_async().await)
        .check(&request)
        .unwrap_err();
    let field = "message.body.native.payload.body.contentType";
    assert_eq!(error.problems()[0].field, field);
}

#[tokio::test]
async fn a_native_body_goes_as_it_is() {
    let native = json!({"@odata.type": "#microsoft.graph.chatMessage", "importance": "high",
            "@odata.context": "c", "attachments@odata.type": "#Collection(chatMessageAttachment)",
            "body": {"@odata.type": "#microsoft.graph.itemBody", "contentType": "html", "content": "<b>x</b>"}});
    let message = Message::native("msgraph-chat", native.clone());
    let request = SendRequest::new(Target::conversation("c"), message);
    sends(request, "/chats/c/messages", Matcher::Json(native), "c").await;
}

#[tokio::test]
async fn a_person_is_reached_in_the_chat_of_two_which_is_found_or_created() {
    let mut server = Server::new_async().await;
    let member = |id: &str| {
        json!({"@odata.type": "#microsoft.graph.aadUserConversationMember",
        "roles": ["owner"], "user@odata.bind": format!("{}/users('{id}')", server.url())})
    };
    let body = json!({"chatType": "oneOnOne", "members": [member("me@contoso.com"), member("o''neil@contoso.com")]});
    let chat = server
        .mock("POST", "/chats")
        .match_body(Matcher::Json(body))
        .with_status(201)
        .with_body(r#"{"id":"19:two@unq.gbl.spaces"}"#)
        .create_async()
        .await;
    let send = server
        .mock("POST", "/chats/19:two@unq.gbl.spaces/messages")
        .with_status(201)
        .with_body(POSTED)
        .create_async()
        .await;
    let request = SendRequest::new(Target::user("o'neil@contoso.com"), Message::text("hi"));
    let receipt = client(&server).send(&request).await.unwrap();
    assert_eq!(
        receipt.conversation.unwrap().as_str(),
        "19:two@unq.gbl.spaces"
    );
    chat.assert_async().await;
    send.assert_async().await;
}

#[tokio::test]
async fn no_chat_is_made_for_a_message_that_cannot_be_sent() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let message = Message::html("<at id=\"0\">nobody</at>");
    let error = client(&server)
        .send(&SendRequest::new(Target::user("you"), message))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidRequest, 0)
    );
    mock.assert_async().await;
}

#[tokio::test]
async fn when_the_chat_of_two_cannot_be_had_nothing_is_sent() {
    let mut server = Server::new_async().await;
    server
        .mock("POST", "/chats")
        .with_status(501)
        .create_async()
        .await;
    let client = GraphChatClient::builder(StaticToken::new("t"))
        .with_base_url(server.url())
        .with_retry_policy(ms_messenger_core::RetryPolicy::never())
        .with_one_on_one_chats("me")
        .build()
        .unwrap();
    let request = SendRequest::new(Target::user("you"), Message::text("hi"));
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Service, Delivery::NotSent)
    );
}

#[tokio::test]
async fn everything_unsupported_is_rejected_at_once() {
    let server = Server::new_async().await;
    let file = FileReference::new("https://a.com/f".parse().unwrap());
    let message = Message::text("x")
        .with_subject("s")
        .with_attachment(Attachment::Image(file));
    let request = SendRequest::new(Target::conversation("c"), message)
        .with_idempotency(IdempotencyKey::random());
    let error = client(&server).send(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unsupported, 0)
    );
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["message.subject", "message.attachments[0]", "idempotency"]
    );

    for (payload, field, rule) in [
        (
            json!({"body": {"content": "x"}, "etag": "attack at dawn"}),
            "message.body.native.payload.etag",
            "a member that is not known",
        ),
        (
            json!({"body": {"content": ["attack at dawn"]}}),
            "message.body.native.payload.body.content",
            "expected a string",
        ),
        (
            json!({"body": "attack at dawn"}),
            "message.body.native.payload.body",
            "expected an object",
        ),
    ] {
        let native = Message::native("msgraph-chat", payload);
        let error = client(&server)
            .send(&SendRequest::new(Target::conversation("c"), native))
            .await
            .unwrap_err();
        assert_eq!(error.problems()[0].field, field);
        assert!(error.problems()[0].rule.starts_with(rule), "{error}");
        assert!(!format!("{error} {error:?}").contains("dawn"), "{error:?}");
    }
}
