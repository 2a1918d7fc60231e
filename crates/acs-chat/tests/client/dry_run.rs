//! A check without I/O refuses what a send refuses without I/O, in the same words.

use std::time::{Duration, SystemTime};

use acs_chat::{
    AcsChatBuilder, AcsChatClient, CLIENT_MESSAGE_ID, ChatApiVersion, PLATFORM,
    SendChatMessageRequest,
};
use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{
    AccessToken, Attachment, Delivery, ErrorKind, FileReference, IdempotencyKey, Message,
    Messenger as _, SendRequest, StaticToken, Target,
};
use serde_json::{Value, json};

const THREAD: &str = "19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2";

fn builder(server: &ServerGuard, token: impl Into<AccessToken>) -> AcsChatBuilder {
    AcsChatClient::builder(server.url(), StaticToken::new(token))
}

/// Expects that both refuse it alike, before any I/O. Returns the fields.
async fn refused(client: &AcsChatClient, request: &SendRequest, kind: ErrorKind) -> Vec<String> {
    let checked = client.check(request).unwrap_err();
    let sent = client.send(request).await.unwrap_err();
    for error in [&checked, &sent] {
        assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        assert_eq!(error.platform(), Some(PLATFORM), "{error}");
    }
    assert_eq!(checked.message(), sent.message());
    assert_eq!(checked.problems(), sent.problems());
    checked.problems().iter().map(|p| p.field.clone()).collect()
}

fn thread(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation(THREAD), message)
}

fn native(payload: Value) -> SendRequest {
    thread(Message::native(PLATFORM, payload))
}

fn file() -> Attachment {
    Attachment::File(FileReference::new("https://contoso.com/a".parse().unwrap()))
}

#[tokio::test]
async fn what_a_send_refuses_before_any_io_a_check_refuses_in_the_same_words() {
    let mut server = Server::new_async().await;
    let none = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = builder(&server, "t")
        .with_client_message_ids(true)
        .build()
        .unwrap();
    let payload = |member: &str| format!("message.body.native.payload.{member}");
    let content = || "content".to_owned();
    for (request, fields) in [
        (thread(Message::text(" \n ")), vec![content()]),
        (thread(Message::html("<p>\0</p>")), vec![content()]),
        (
            thread(Message::text("a".repeat(29 * 1024))),
            vec![content()],
        ),
        (native(json!({"content": 7})), vec![payload("content")]),
        (
            native(json!({"content": "x", "bogus": 1})),
            vec![payload("bogus")],
        ),
        (
            native(json!({"content": "x", "type": "topicUpdated"})),
            vec!["type".to_owned()],
        ),
        (
            native(json!({"content": "x", "metadata": {CLIENT_MESSAGE_ID: "mine"}})),
            vec![format!("metadata.{CLIENT_MESSAGE_ID}")],
        ),
        (
            SendRequest::new(
                Target::conversation("19%3Aa%40thread.v2"),
                Message::text("x"),
            ),
            vec!["to".to_owned()],
        ),
    ] {
        let found = refused(&client, &request, ErrorKind::InvalidRequest).await;
        assert_eq!(found, fields);
    }
    for request in [
        SendRequest::new(Target::channel("t", "c"), Message::text("x")),
        thread(Message::text("x")).with_reply_to("1"),
        thread(Message::text("x")).with_idempotency(IdempotencyKey::random()),
        thread(Message::text("x").with_attachment(file())),
        native(json!({"content": "x", "attachments": [{"id": "a", "attachmentType": "file"}]})),
        thread(Message::native("ucwa", json!({}))),
    ] {
        refused(&client, &request, ErrorKind::Unsupported).await;
    }
    let request = thread(Message::text("x"));
    let client = builder(&server, "bad\u{1}").build().unwrap();
    refused(&client, &request, ErrorKind::Config).await;
    let past = SystemTime::now() - Duration::from_secs(60);
    let old = AccessToken::new("old").with_expires_at(past);
    let client = builder(&server, old).build().unwrap();
    refused(&client, &request, ErrorKind::Unauthenticated).await;
    none.assert_async().await;
}

#[tokio::test]
async fn an_encoded_id_is_rejected_with_the_decoded_one() {
    let server = Server::new_async().await;
    let thread = builder(&server, "t")
        .build()
        .unwrap()
        .thread("19%3aab%40thread.v2");
    let message = SendChatMessageRequest::text("hi");
    let error = thread.send(&message).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::InvalidRequest, 0)
    );
    assert_eq!(
        error.message(),
        "thread: is percent-encoded; the id is 19:ab@thread.v2"
    );
}

#[tokio::test]
async fn what_a_check_accepts_a_send_sends_and_warnings_do_not_stop_it() {
    let mut server = Server::new_async().await;
    let sends = server
        .mock("POST", Matcher::Any)
        .match_query(Matcher::Any)
        .with_status(201)
        .with_body(r#"{"id":"1"}"#)
        .expect(5)
        .create_async()
        .await;
    let client = builder(&server, "t")
        .with_api_version(ChatApiVersion::V2024_03_15Preview)
        .build()
        .unwrap();
    for (request, warnings) in [
        (thread(Message::text("a\r\n\tb")), 0),
        (thread(Message::html("<b>x</b>")), 0),
        (thread(Message::text("x").with_attachment(file())), 0),
        (native(json!({"content": "x", "metadata": {"a": "b"}})), 0),
        (thread(Message::text("\u{1b}[31mred")), 1),
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

#[tokio::test]
async fn a_refusal_without_a_reason_proves_that_nothing_was_sent_and_words_are_one_line() {
    let words = "x\r\n\u{1b}[31m".repeat(100_000);
    let long = json!({"error": {"code": words, "message": words, "target": words}});
    for body in [String::new(), "{}".to_owned(), long.to_string()] {
        let mut server = Server::new_async().await;
        server
            .mock("POST", Matcher::Any)
            .match_query(Matcher::Any)
            .with_status(400)
            .with_body(&body)
            .create_async()
            .await;
        let client = builder(&server, "t").build().unwrap();
        let error = client.send(&thread(Message::text("x"))).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.to_string().len() < 8_192);
        assert!(!error.to_string().contains(char::is_control));
    }
}

#[test]
fn a_builder_shows_no_secret_of_its_address() {
    let address = "https://lene:hunter2@contoso.com/?key=hunter2#hunter2";
    let builder = AcsChatClient::builder(address, StaticToken::new("hunter2"));
    assert!(!format!("{builder:?}").contains("hunter2"), "{builder:?}");
    let error = builder.build().unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
}
