//! A check without I/O refuses what a send refuses without I/O, in the same words.

use std::time::{Duration, SystemTime};

use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{
    AccessToken, Attachment, Card, CardKind, Delivery, ErrorKind, FileReference, IdempotencyKey,
    InlineImage, Message, Messenger as _, SendRequest, StaticToken, Target,
};
use msgraph_chat::{GraphChatBuilder, GraphChatClient, PLATFORM};
use serde_json::{Value, json};

const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";
const CHAT: &str = "19:2da4c29f6d7041eca70b638b43d45437@thread.v2";
/// `{"roles":["Teamwork.Migrate.All"]}`
const APP_ONLY: &str = "e30.eyJyb2xlcyI6WyJUZWFtd29yay5NaWdyYXRlLkFsbCJdfQ.c2ln";

fn builder(server: &ServerGuard, token: impl Into<AccessToken>) -> GraphChatBuilder {
    GraphChatClient::builder(StaticToken::new(token))
        .with_base_url(server.url())
        .with_one_on_one_chats("me@contoso.com")
}

/// Expects that both refuse it alike, before any I/O. Returns the fields.
async fn refused(client: &GraphChatClient, request: &SendRequest, kind: ErrorKind) -> Vec<String> {
    let checked = client.check(request).unwrap_err();
    let sent = client.send(request).await.unwrap_err();
    for error in [&checked, &sent] {
        assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        assert_eq!(error.platform(), Some(PLATFORM), "{error}");
    }
    assert_eq!(checked.message(), sent.message());
    assert_eq!(checked.problems(), sent.problems());
    let fields = checked.problems().iter().map(|p| p.field.clone());
    fields.collect()
}

fn chat(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation(CHAT), message)
}

fn native(payload: Value) -> SendRequest {
    chat(Message::native(PLATFORM, payload))
}

fn payload(member: &str) -> String {
    format!("message.body.native.payload.{member}")
}

#[tokio::test]
async fn a_check_and_a_send_refuse_the_same_before_any_io_with_the_same_error() {
    let mut server = Server::new_async().await;
    let none = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = builder(&server, "delegated").build().unwrap();
    let hi = || Message::text("hi");
    let channel =
        |team: &str, channel: &str| SendRequest::new(Target::channel(team, channel), hi());
    let chat_of = |id: &str| SendRequest::new(Target::conversation(id), hi());
    let marker = "<attachment id=\"1\"></attachment>";
    let large = InlineImage::new("image/png", vec![0; 4 << 20]);
    let quoted = |id: &str| chat(hi()).with_reply_to(id);
    for (request, fields) in [
        (chat(Message::text("   ")), vec!["body.content".to_owned()]),
        (chat(Message::text("\n")), vec!["body.content".to_owned()]),
        (
            chat(Message::html("<p> </p>")),
            vec!["body.content".to_owned()],
        ),
        (chat(Message::text("a\0")), vec!["body.content".to_owned()]),
        (
            chat(Message::html("<at id=\"0\">Bob</at>")),
            vec!["body.content".to_owned()],
        ),
        (chat(Message::html(marker)), vec!["body.content".to_owned()]),
        (
            chat(Message::text("a".repeat(1_000_000))),
            vec!["body".to_owned()],
        ),
        (
            chat(hi().with_attachment(Attachment::InlineImage(large))),
            vec!["hostedContents".to_owned()],
        ),
        (
            chat(hi().with_attachment(Attachment::InlineImage(InlineImage::new("", *b"png")))),
            vec!["hostedContents[0].contentType".to_owned()],
        ),
        (
            chat(hi().with_attachment(Attachment::Card(Card::new(CardKind::Adaptive, json!({}))))),
            vec![
                "attachments[0].content".to_owned(),
                "attachments[0].content".to_owned(),
            ],
        ),
        (
            chat(hi().with_attachment(Attachment::File(FileReference::new(
                "http://contoso.com/a".parse().unwrap(),
            )))),
            vec!["attachments[0].contentUrl".to_owned()],
        ),
        (
            SendRequest::new(Target::user("lene@contoso.com\n"), hi()),
            vec!["user".to_owned()],
        ),
        (chat_of(&"x".repeat(100_000)), vec!["chat".to_owned()]),
        (channel("ops", "19:a@thread.tacv2"), vec!["team".to_owned()]),
        (
            channel(TEAM, "19:a@thread.tacv2 "),
            vec!["channel".to_owned()],
        ),
        (native(json!({"bogus": 1})), vec![payload("bogus")]),
        (
            native(json!({"body": {"content": 7}})),
            vec![payload("body.content")],
        ),
        (
            native(json!({"body": {"content": "x"}, "subject": "s"})),
            vec!["subject".to_owned()],
        ),
        (
            native(json!({"body": {"contentType": "html", "content": marker},
                "attachments": [{"id": "1", "contentType": "image/png"}]})),
            vec!["attachments[0].contentType".to_owned()],
        ),
        (
            chat(
                Message::native(
                    PLATFORM,
                    json!({"body": {"contentType": "xml", "content": "x"}}),
                )
                .with_attachment(Attachment::Card(Card::new(CardKind::Hero, json!({})))),
            ),
            vec![payload("body.contentType")],
        ),
        (
            SendRequest::new(Target::user("you"), Message::html("<at id=\"0\">Bob</at>")),
            vec!["body.content".to_owned()],
        ),
        (
            SendRequest::new(Target::user("you"), Message::text("a".repeat(1_000_000))),
            vec!["body".to_owned()],
        ),
    ] {
        let found = refused(&client, &request, ErrorKind::InvalidRequest).await;
        assert_eq!(found, fields, "{:?}", request.to);
    }
    let climbing = SendRequest::new(Target::conversation(".."), hi());
    for request in [
        channel("", ""),
        chat(Message::text("")),
        quoted(""),
        climbing,
    ] {
        refused(&client, &request, ErrorKind::InvalidRequest).await;
    }
    for request in [
        SendRequest::new(Target::phone("+14255550123").unwrap(), hi()),
        chat(hi().with_subject("s")),
        chat(hi()).with_idempotency(IdempotencyKey::random()),
    ] {
        refused(&client, &request, ErrorKind::Unsupported).await;
    }
    refused(
        &client,
        &chat(Message::native("ucwa", json!({}))),
        ErrorKind::Unsupported,
    )
    .await;
    none.assert_async().await;
}

#[tokio::test]
async fn an_encoded_id_is_rejected_with_the_decoded_one() {
    let mut server = Server::new_async().await;
    let none = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = builder(&server, "delegated").build().unwrap();
    let rule = "is percent-encoded; the id is 19:ab@thread.tacv2";
    let hi = msgraph_chat::NewChatMessage::text("hi");
    let encoded = "19%3aab%40thread.tacv2";
    for error in [
        client.chat(encoded).send(&hi).await.unwrap_err(),
        client.channel(TEAM, encoded).send(&hi).await.unwrap_err(),
        client.chat(CHAT).quote([encoded], &hi).await.unwrap_err(),
        client
            .channel(TEAM, "19:c")
            .reply(encoded, &hi)
            .await
            .unwrap_err(),
        client.one_on_one_chat("me", encoded).await.unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InvalidRequest, 0)
        );
        assert_eq!(error.problems()[0].rule, rule);
    }
    let request = SendRequest::new(Target::conversation(encoded), Message::text("hi"));
    refused(&client, &request, ErrorKind::InvalidRequest).await;
    none.assert_async().await;
}

#[tokio::test]
async fn the_token_at_hand_is_checked() {
    let mut server = Server::new_async().await;
    let none = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let request = chat(Message::text("hi"));
    let client = builder(&server, APP_ONLY).build().unwrap();
    refused(&client, &request, ErrorKind::PermissionDenied).await;
    let client = builder(&server, APP_ONLY)
        .with_app_only(true)
        .build()
        .unwrap();
    client.check(&request).unwrap();
    let client = builder(&server, "bad\u{1}").build().unwrap();
    refused(&client, &request, ErrorKind::Config).await;
    let past = SystemTime::now() - Duration::from_secs(60);
    let client = builder(&server, AccessToken::new("old").with_expires_at(past));
    refused(
        &client.build().unwrap(),
        &request,
        ErrorKind::Unauthenticated,
    )
    .await;
    none.assert_async().await;
}

#[tokio::test]
async fn what_a_check_accepts_a_send_sends_and_warnings_do_not_stop_it() {
    let mut server = Server::new_async().await;
    server
        .mock("POST", "/chats")
        .with_status(201)
        .with_body(r#"{"id":"19:two@unq.gbl.spaces"}"#)
        .create_async()
        .await;
    let sends = server
        .mock("POST", Matcher::Regex("/messages".into()))
        .with_status(201)
        .with_body(r#"{"id":"1"}"#)
        .expect(6)
        .create_async()
        .await;
    let client = builder(&server, "delegated").build().unwrap();
    let card = Attachment::Card(Card::new(CardKind::Hero, json!({"title": "x"})));
    for (request, warnings) in [
        (chat(Message::text("hi")), 0),
        (chat(Message::text("a\nb").with_attachment(card)), 0),
        (
            SendRequest::new(Target::channel(TEAM, "19:c"), Message::text("hi")).with_reply_to("1"),
            0,
        ),
        (
            SendRequest::new(Target::user("you"), Message::text("hi")),
            0,
        ),
        (chat(Message::html("<a href=\"www.contoso.com\">x</a>")), 1),
        (chat(Message::text("\u{1b}[31mred")), 1),
    ] {
        assert_eq!(
            client.check(&request).unwrap().len(),
            warnings,
            "{request:?}"
        );
        client.send(&request).await.unwrap();
    }
    sends.assert_async().await;
}
