//! A check without I/O refuses what a send refuses without I/O, in the same words.

use std::time::{Duration, SystemTime};

use acs_messages::{AcsMessagesBuilder, AcsMessagesClient, Credential, PLATFORM};
use cpu_time::ThreadTime;
use mockito::{Matcher, Server, ServerGuard};
use ms_messenger_core::{
    AccessToken, Delivery, ErrorKind, IdempotencyKey, Media, MediaKind, Message, Messenger as _,
    SendRequest, StaticToken, Target, Template, TemplateButton,
};
use serde_json::{Value, json};

const CHANNEL: &str = "0f0eb78e-a576-1dfc-b414-0f0756de3338";

fn builder(server: &ServerGuard, token: impl Into<AccessToken>) -> AcsMessagesBuilder {
    AcsMessagesClient::builder(server.url(), Credential::entra(StaticToken::new(token)))
        .with_channel_registration_id(CHANNEL)
}

/// Expects that both refuse it alike, before any I/O. Returns the fields.
async fn refused(
    client: &AcsMessagesClient,
    request: &SendRequest,
    kind: ErrorKind,
    delivery: Delivery,
) -> Vec<String> {
    let checked = client.check(request).unwrap_err();
    let sent = client.send(request).await.unwrap_err();
    for error in [&checked, &sent] {
        assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
        assert_eq!(error.delivery(), delivery, "{error}");
        assert_eq!(error.platform(), Some(PLATFORM), "{error}");
    }
    assert_eq!(checked.message(), sent.message());
    assert_eq!(checked.problems(), sent.problems());
    checked.problems().iter().map(|p| p.field.clone()).collect()
}

fn conversation(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation("19:a@thread.v2"), message)
}

fn phone(message: Message) -> SendRequest {
    SendRequest::new(Target::phone("+14255550123").unwrap(), message)
}

fn native(payload: Value) -> SendRequest {
    phone(Message::native(PLATFORM, payload))
}

fn image(url: &str) -> Message {
    Message::media(Media::new(MediaKind::Image, url.parse().unwrap()))
}

#[tokio::test]
async fn what_a_send_refuses_before_any_io_a_check_refuses_in_the_same_words() {
    let mut server = Server::new_async().await;
    let none = server
        .mock("POST", Matcher::Any)
        .expect(0)
        .create_async()
        .await;
    let client = builder(&server, "t").build().unwrap();
    let payload = "message.body.native.payload";
    let interactive = json!({"kind": "interactive", "interactiveMessage": {
        "body": {"kind": "text", "text": " "},
        "action": {"kind": "whatsAppButtonAction", "content": {"kind": "buttonSet", "buttons": []}}}});
    for (request, fields) in [
        (phone(image("file:///etc/passwd")), vec!["mediaUri"]),
        (
            conversation(image("http://contoso.com/a.png")),
            vec!["request.mediaUri"],
        ),
        (conversation(Message::text("  ")), vec!["request.content"]),
        (phone(Message::text("\n")), vec!["content"]),
        (
            phone(Message::text("a".repeat(4097))),
            vec!["message.body.text"],
        ),
        (
            conversation(Message::html_with_text("<b>x</b>", "a".repeat(4097))),
            vec!["request.content"],
        ),
        (
            phone(Message::template(Template::new("", "english"))),
            vec!["template.name", "template.language"],
        ),
        (native(json!({"kind": "text"})), vec![payload]),
        (
            native(json!({"kind": "text", "content": "x", "to": ["+1"]})),
            vec!["message.body.native.payload.to"],
        ),
        (
            native(interactive),
            vec![
                "interactiveMessage.body",
                "interactiveMessage.action.content.buttons",
            ],
        ),
        (
            SendRequest::new(
                Target::conversation("19%3Aa%40thread.v2"),
                Message::text("x"),
            ),
            vec!["to"],
        ),
    ] {
        let found = refused(
            &client,
            &request,
            ErrorKind::InvalidRequest,
            Delivery::NotSent,
        )
        .await;
        assert_eq!(found, fields, "{:?}", request.to);
    }
    for request in [
        SendRequest::new(Target::channel("t", "c"), Message::text("x")),
        conversation(Message::html("<b>x</b>")),
        conversation(Message::text("x")).with_reply_to("1"),
        conversation(Message::media(
            Media::new(MediaKind::Audio, "https://contoso.com/a".parse().unwrap())
                .with_caption("x"),
        )),
        conversation(Message::native("ucwa", json!({}))),
    ] {
        refused(&client, &request, ErrorKind::Unsupported, Delivery::NotSent).await;
    }
    let aged = |time| IdempotencyKey::new(IdempotencyKey::random().id, time);
    for time in [
        SystemTime::now() - Duration::from_secs(300),
        SystemTime::UNIX_EPOCH,
        SystemTime::now() + Duration::from_secs(400),
    ] {
        let request = conversation(Message::text("x")).with_idempotency(aged(time));
        let found = refused(&client, &request, ErrorKind::Conflict, Delivery::Unknown).await;
        assert_eq!(found, ["idempotency.first_sent"]);
    }
    let client = builder(&server, "bad\u{1}").build().unwrap();
    let request = conversation(Message::text("x"));
    refused(&client, &request, ErrorKind::Config, Delivery::NotSent).await;
    none.assert_async().await;
}

#[tokio::test]
async fn what_a_check_accepts_a_send_sends_and_warnings_do_not_stop_it() {
    let mut server = Server::new_async().await;
    let sends = server
        .mock("POST", Matcher::Regex("^/messages/conversations/".into()))
        .match_query(Matcher::Any)
        .with_body(r#"{"messageId":"1"}"#)
        .expect(2)
        .create_async()
        .await;
    let notifications = server
        .mock("POST", "/messages/notifications:send")
        .match_query(Matcher::Any)
        .with_status(202)
        .with_body(r#"{"receipts":[{"messageId":"1","to":"+1"}]}"#)
        .expect(4)
        .create_async()
        .await;
    let client = builder(&server, "t").build().unwrap();
    let long = json!({"kind": "interactive", "interactiveMessage": {
        "body": {"kind": "text", "text": "a".repeat(1025)},
        "action": {"kind": "whatsAppUrlAction", "content": {"kind": "url", "title": "x", "url": "https://contoso.com/"}}}});
    let flow = json!({"kind": "template", "template": {"name": "t", "language": "en",
        "values": [{"name": "a", "kind": "quickAction", "payload": "p"}],
        "bindings": {"kind": "whatsApp", "buttons": [{"subType": "flow", "refValue": "a"}]}}});
    for (request, warnings) in [
        (
            conversation(Message::text("hi")).with_idempotency(IdempotencyKey::random()),
            0,
        ),
        (conversation(Message::text("\u{1b}[31mred")), 1),
        (phone(Message::text("a\r\n\tb")), 0),
        (phone(image("https://contoso.com/a.png")), 0),
        (native(long), 1),
        (native(flow), 0),
    ] {
        assert_eq!(
            client.check(&request).unwrap().len(),
            warnings,
            "{request:?}"
        );
        client.send(&request).await.unwrap();
    }
    sends.assert_async().await;
    notifications.assert_async().await;
}

/// The least time that this thread computes, which other load on the machine does not lengthen.
fn best(run: impl Fn()) -> Duration {
    let time = || {
        let start = ThreadTime::now();
        run();
        start.elapsed()
    };
    (0..3).map(|_| time()).min().unwrap()
}

#[tokio::test]
async fn a_check_takes_time_in_proportion_to_the_request() {
    let server = Server::new_async().await;
    let client = builder(&server, "t").build().unwrap();
    let template = |count: usize| {
        let template = (0..count).fold(Template::new("t", "en"), |template, i| {
            template
                .with_body_value("x")
                .with_button(TemplateButton::Url(i.to_string()))
        });
        phone(Message::template(template))
    };
    let items = |count: usize| {
        let items: Vec<Value> = (0..count)
            .map(|i| json!({"id": i.to_string(), "title": "t", "description": "d"}))
            .collect();
        native(
            json!({"kind": "interactive", "interactiveMessage": {"body": {"kind": "text", "text": "x"},
            "action": {"kind": "whatsAppListAction", "content": {"kind": "group", "title": "t",
                "groups": [{"title": "t", "items": items}]}}}}),
        )
    };
    for (what, small, large) in [
        ("template", template(500), template(8_000)),
        ("items", items(500), items(8_000)),
    ] {
        let small = best(|| drop(client.check(&small)));
        let large = best(|| drop(client.check(&large)));
        // Sixteen times the size; a square would be 256 times as long.
        let limit = small.max(Duration::from_micros(100)) * 96;
        assert!(large < limit, "{what}: {small:?} and {large:?}");
    }
}
