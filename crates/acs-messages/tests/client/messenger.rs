//! The neutral model on the wire.

use acs_messages::{AcsMessagesClient, Credential};
use mockito::{Matcher, Server};
use ms_messenger_core::{
    Acceptance, ErrorKind, IdempotencyKey, Media, MediaKind, Message, Messenger as _, SendRequest,
    StaticToken, Target, Template, TemplateButton, TemplateHeader, TemplateMedia,
};
use serde_json::{Value, json};

const CHANNEL: &str = "0f0eb78e-a576-1dfc-b414-0f0756de3338";

fn client(url: &str) -> AcsMessagesClient {
    AcsMessagesClient::builder(url, Credential::entra(StaticToken::new("t")))
        .with_channel_registration_id(CHANNEL)
        .build()
        .unwrap()
}

fn document() -> Media {
    Media::new(MediaKind::Document, "https://a.com/d".parse().unwrap())
        .with_caption("c")
        .with_file_name("d.pdf")
}

fn template() -> Template {
    let image = TemplateMedia::new("https://a.com/i".parse().unwrap());
    Template::new("t", "en")
        .with_header(TemplateHeader::Image(image))
        .with_body_value("x")
        .with_button(TemplateButton::QuickReply("p".into()))
        .with_button(TemplateButton::Url("s".into()))
}

fn messages() -> Vec<(Message, Value)> {
    vec![
        (
            Message::text("hi"),
            json!({"kind": "text", "content": "hi"}),
        ),
        (
            Message::html_with_text("<b>hi</b>", "hi"),
            json!({"kind": "text", "content": "hi"}),
        ),
        (
            Message::media(document()),
            json!({"kind": "document", "mediaUri": "https://a.com/d", "caption": "c", "fileName": "d.pdf"}),
        ),
        (
            Message::native("acs-messages", json!({"kind": "hologram", "x": 1})),
            json!({"kind": "hologram", "x": 1}),
        ),
        (
            Message::template(template()),
            json!({"kind": "template", "template": {"name": "t", "language": "en", "values": [
                {"name": "value1", "kind": "image", "url": "https://a.com/i"},
                {"name": "value2", "kind": "text", "text": "x"},
                {"name": "value3", "kind": "quickAction", "payload": "p"},
                {"name": "value4", "kind": "quickAction", "text": "s"}],
                "bindings": {"kind": "whatsApp", "header": [{"refValue": "value1"}], "body": [{"refValue": "value2"}],
                    "buttons": [{"subType": "quickReply", "refValue": "value3"}, {"subType": "url", "refValue": "value4"}]}}}),
        ),
    ]
}

#[tokio::test]
async fn a_conversation_gets_each_body_and_the_message_is_posted() {
    for (message, json) in messages() {
        let mut server = Server::new_async().await;
        let mock = server
            .mock("POST", Matcher::Any)
            .match_body(Matcher::Json(json!({"request": json})))
            .with_header("ms-cv", "cv.1")
            .with_body(r#"{"messageId":"7"}"#)
            .create_async()
            .await;
        let request = SendRequest::new(Target::conversation("19:a@thread.v2"), message);
        let receipt = client(&server.url()).send(&request).await.unwrap();
        mock.assert_async().await;
        assert_eq!(receipt.acceptance, Acceptance::Posted);
        assert_eq!(receipt.message_id.unwrap().as_str(), "7");
        assert_eq!(receipt.conversation.unwrap().as_str(), "19:a@thread.v2");
        assert_eq!(receipt.request_id.as_deref(), Some("cv.1"));
    }
}

#[tokio::test]
async fn a_number_gets_each_body_and_the_message_is_queued() {
    for (message, json) in messages() {
        let mut server = Server::new_async().await;
        let mut body = json!({"channelRegistrationId": CHANNEL, "to": ["+14255550123"]});
        body.as_object_mut()
            .unwrap()
            .extend(json.as_object().unwrap().clone());
        let key = IdempotencyKey::random();
        let mock = server
            .mock("POST", "/messages/notifications:send")
            .match_query(Matcher::Any)
            .match_header("repeatability-request-id", key.id.to_string().as_str())
            .match_body(Matcher::Json(body))
            .with_status(202)
            .with_body(r#"{"receipts":[{"messageId":"m1","to":"+14255550123"}]}"#)
            .create_async()
            .await;
        let to = Target::phone("+1 425 555 0123").unwrap();
        let request = SendRequest::new(to, message).with_idempotency(key);
        let receipt = client(&server.url()).send(&request).await.unwrap();
        mock.assert_async().await;
        assert_eq!(receipt.acceptance, Acceptance::Queued);
        assert_eq!(receipt.message_id.unwrap().as_str(), "m1");
        assert_eq!(receipt.conversation, None);
    }
}

async fn refusal(request: SendRequest) -> (ErrorKind, Vec<String>) {
    let client = client("https://contoso.communication.azure.com");
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.attempts(), 0);
    (
        error.kind(),
        error.problems().iter().map(|p| p.field.clone()).collect(),
    )
}

#[tokio::test]
async fn what_has_no_place_is_refused_and_not_dropped() {
    let to = || Target::conversation("19:a@thread.v2");
    let audio = Media::new(MediaKind::Audio, "https://a.com/a".parse().unwrap())
        .with_caption("c")
        .with_file_name("f");
    let fields = ["message.body.media.caption", "message.body.media.file_name"]
        .map(String::from)
        .to_vec();
    assert_eq!(
        refusal(SendRequest::new(to(), Message::media(audio))).await,
        (ErrorKind::Unsupported, fields)
    );
    let html = SendRequest::new(to(), Message::html("<b>x</b>"));
    assert_eq!(
        refusal(html).await,
        (ErrorKind::Unsupported, vec!["message.body.html".into()])
    );
    let subject = SendRequest::new(to(), Message::text("x").with_subject("s")).with_reply_to("1");
    assert_eq!(
        refusal(subject).await,
        (
            ErrorKind::Unsupported,
            vec!["message.subject".into(), "reply_to".into()]
        )
    );
    let channel = SendRequest::new(Target::channel("t", "c"), Message::text("x"));
    assert_eq!(
        refusal(channel).await,
        (ErrorKind::Unsupported, vec!["to".into()])
    );
}

#[tokio::test]
async fn a_bad_native_body_names_what_is_wrong() {
    let native = Message::native("acs-messages", json!({"kind": "image"}));
    let request = SendRequest::new(Target::conversation("19:a@thread.v2"), native);
    let (kind, fields) = refusal(request).await;
    assert_eq!(kind, ErrorKind::InvalidRequest);
    assert_eq!(fields, ["message.body.native.payload"]);
}

#[tokio::test]
async fn without_a_channel_registration_numbers_are_not_supported() {
    let client = AcsMessagesClient::builder(
        "https://contoso.communication.azure.com",
        Credential::entra(StaticToken::new("t")),
    )
    .build()
    .unwrap();
    let to = Target::phone("+14255550123").unwrap();
    let error = client
        .send(&SendRequest::new(to, Message::text("x")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_native_body_cannot_name_another_recipient_or_unknown_members() {
    let number = || Target::phone("+14255550123").unwrap();
    for (payload, field) in [
        (
            json!({"kind": "text", "content": "x", "to": ["+19999999999"]}),
            "message.body.native.payload.to",
        ),
        (
            json!({"kind": "hologram", "to": ["+19999999999"]}),
            "message.body.native.payload.to",
        ),
        (
            json!({"kind": "text", "content": "x", "mentions": []}),
            "message.body.native.payload",
        ),
    ] {
        let request = SendRequest::new(number(), Message::native("acs-messages", payload));
        let (kind, fields) = refusal(request).await;
        assert_eq!(kind, ErrorKind::InvalidRequest);
        assert_eq!(fields, [field]);
    }
}

#[tokio::test]
async fn a_native_body_is_refused_without_a_word_of_it() {
    for (payload, rule) in [
        (
            json!({"kind": "text", "content": ["attack at dawn"]}),
            "expected a string",
        ),
        (json!({"kind": "text"}), "`content` is missing"),
        (
            json!({"kind": "image", "mediaUri": "attack at dawn"}),
            "cannot be used",
        ),
        (json!({"content": "attack at dawn"}), "`kind` is missing"),
        (
            json!({"kind": "template", "template": {"name": "n", "language": "en", "values": [
            {"name": "v", "kind": "text", "text": 31_415_926}]}}),
            "expected a string",
        ),
        (json!("attack at dawn"), "`kind` is missing"),
    ] {
        for to in [
            Target::phone("+14255550123").unwrap(),
            Target::conversation("c"),
        ] {
            let request = SendRequest::new(to, Message::native("acs-messages", payload.clone()));
            let error = client("https://contoso.communication.azure.com")
                .send(&request)
                .await
                .unwrap_err();
            assert!(error.problems()[0].rule.contains(rule), "{error}");
            assert!(
                error.problems()[0]
                    .field
                    .starts_with("message.body.native.payload"),
                "{error}"
            );
            let all = format!("{error} {error:?}");
            assert!(!all.contains("dawn") && !all.contains("31415926"), "{all}");
        }
    }
}

#[tokio::test]
async fn a_whatsapp_user_is_reached_by_business_scoped_id() {
    let mut server = Server::new_async().await;
    let mock = server
        .mock("POST", Matcher::Any)
        .match_body(Matcher::PartialJson(json!({
            "channelRegistrationId": CHANNEL, "to": ["US.13491208655302741918"],
            "kind": "text", "content": "x",
        })))
        .with_status(202)
        .with_body(r#"{"receipts":[{"messageId":"m","to":"US.13491208655302741918"}]}"#)
        .expect(1)
        .create_async()
        .await;
    let to: Target = "whatsapp:US.13491208655302741918".parse().unwrap();
    let request = SendRequest::new(to, Message::text("x"));
    let receipt = client(&server.url()).send(&request).await.unwrap();
    assert_eq!(receipt.message_id.unwrap().as_str(), "m");
    mock.assert_async().await;
}

#[tokio::test]
async fn without_a_channel_the_missing_option_is_named_among_all_problems() {
    let client = AcsMessagesClient::builder(
        "http://localhost:1",
        Credential::entra(StaticToken::new("t")),
    );
    let client = client.build().unwrap();
    let request = |message| SendRequest::new(Target::phone("+14255550123").unwrap(), message);
    for (message, kind, fields) in [
        (Message::text("hi"), ErrorKind::Unsupported, &["to"][..]),
        (
            Message::text("hi").with_subject("s"),
            ErrorKind::Unsupported,
            &["to", "message.subject"],
        ),
        (
            Message::text(""),
            ErrorKind::InvalidRequest,
            &["to", "message.body.text"],
        ),
    ] {
        let request = request(message);
        for error in [
            client.send(&request).await.unwrap_err(),
            client.check(&request).unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.platform()),
                (kind, Some("acs-messages"))
            );
            let found: Vec<_> = error.problems().iter().map(|p| p.field.as_str()).collect();
            assert_eq!(found, fields);
            for name in [
                "with_channel_registration_id",
                "ACS_CHANNEL_REGISTRATION_ID",
            ] {
                assert!(error.message().contains(name), "{error}");
            }
        }
    }
}
