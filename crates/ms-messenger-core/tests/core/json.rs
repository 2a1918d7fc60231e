//! The JSON form is stable: queues and batch files hold it.

use ms_messenger_core::{
    Attachment, Card, CardKind, ErrorKind, FileReference, IdempotencyKey, Importance, InlineImage,
    Media, MediaKind, Message, Receipt, SendRequest, Target, Template, TemplateButton,
    TemplateHeader, TemplateMedia,
};
use serde_json::json;

fn request(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation("19:a@thread.v2"), message)
}

#[test]
fn every_part_has_one_form_and_comes_back() {
    let url = || "https://a.com/x".parse().unwrap();
    let image = TemplateMedia::new(url());
    let template = Template::new("t", "en")
        .with_header(TemplateHeader::Image(image))
        .with_body_value("v")
        .with_button(TemplateButton::QuickReply("q".into()))
        .with_button(TemplateButton::Url("u".into()));
    let whole = Message::html_with_text("<b>x</b>", "x")
        .with_subject("s")
        .with_importance(Importance::High)
        .with_attachment(Attachment::File(
            FileReference::new(url()).with_id("i").with_name("n"),
        ))
        .with_attachment(Attachment::Card(Card::new(
            CardKind::Adaptive,
            json!({"type": "AdaptiveCard"}),
        )))
        .with_attachment(Attachment::InlineImage(
            InlineImage::new("image/png", *b"png").with_alt("a"),
        ));
    for (message, json) in [
        (Message::text("x"), json!({"body": {"text": "x"}})),
        (
            Message::media(
                Media::new(MediaKind::Document, url())
                    .with_caption("c")
                    .with_file_name("f"),
            ),
            json!({"body": {"media": {"kind": "document", "url": "https://a.com/x", "caption": "c", "file_name": "f"}}}),
        ),
        (
            Message::template(template),
            json!({"body": {"template": {"name": "t", "language": "en",
            "header": {"image": {"url": "https://a.com/x"}}, "body": ["v"], "buttons": [{"quick_reply": "q"}, {"url": "u"}]}}}),
        ),
        (
            Message::native("acs-chat", json!({"content": "x"})),
            json!({"body": {"native": {"platform": "acs-chat", "payload": {"content": "x"}}}}),
        ),
        (
            whole,
            json!({"body": {"html": {"html": "<b>x</b>", "text": "x"}}, "subject": "s", "importance": "high",
            "attachments": [{"file": {"url": "https://a.com/x", "id": "i", "name": "n"}},
                {"card": {"kind": "adaptive", "content": {"type": "AdaptiveCard"}}},
                {"inline_image": {"content_type": "image/png", "bytes": "cG5n", "alt": "a"}}]}),
        ),
    ] {
        let request = request(message);
        let text = serde_json::to_string(&request).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"to": "conversation:19:a@thread.v2", "message": json})
        );
        assert_eq!(SendRequest::from_json(&text).unwrap(), request);
    }
}

#[test]
fn keys_and_receipts_hold_times_in_rfc_3339() {
    let json =
        json!({"id": "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5", "first_sent": "2026-04-01T12:34:56Z"});
    let key: IdempotencyKey = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(key).unwrap(), json);
    let json =
        json!({"acceptance": "posted", "message_id": "7", "accepted_at": "2026-04-01T12:34:56Z"});
    let receipt: Receipt = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(receipt).unwrap(), json);
}

#[test]
fn unknown_missing_and_unusable_members_are_named_by_their_path() {
    for (json, path) in [
        (
            json!({"to": "conversation:1", "message": {"body": {"text": "x"}}, "when": 1}),
            "when",
        ),
        (
            json!({"to": "conversation:1", "message": {"body": {"text": "x"}, "colour": 1}}),
            "message.colour",
        ),
        (
            json!({"to": "nowhere", "message": {"body": {"text": "x"}}}),
            "to",
        ),
        (
            json!({"to": "conversation:1", "message": {"body": {"text": "x"}, "attachments": [{"file": {"url": 7}}]}}),
            "message.attachments[0].file.url",
        ),
        (
            json!({"to": "conversation:1", "message": {"body": {"media": {"kind": "smell", "url": "https://a.com"}}}}),
            "message.body.media.kind",
        ),
    ] {
        let error = SendRequest::from_json(&json.to_string()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.problems()[0].field, path, "{error}");
    }
    assert!(SendRequest::from_json("{} {}").is_err());
    let twice = r#"{"to":"conversation:1","message":{"body":{"text":"x"}}} x"#;
    assert!(SendRequest::from_json(twice).is_err());
}

proptest::proptest! {
    #[test]
    fn hostile_text_is_read_or_refused(text in ".*") {
        let _ = SendRequest::from_json(&text);
    }
}

const IN_CHANNEL: &str = "https://teams.microsoft.com/l/message/19%3Ac%40thread.tacv2/17\
    ?groupId=t&parentMessageId=16&tenantId=x";
const IN_CHAT: &str = "https://teams.cloud.microsoft/l/message/19%3Aa%40thread.v2/9";

#[test]
fn a_link_to_a_message_makes_a_request_a_reply() {
    for (link, target, reply) in [
        (IN_CHANNEL, "channel:t/19:c@thread.tacv2", "16"),
        (IN_CHAT, "conversation:19:a@thread.v2", "9"),
    ] {
        let mut json = json!({"to": link, "message": {"body": {"text": "x"}}});
        let written = json!({"to": target, "reply_to": reply, "message": {"body": {"text": "x"}}});
        let request = SendRequest::from_json(&json.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), written);
        let from_link = SendRequest::to_link(&link.parse().unwrap(), Message::text("x"));
        assert_eq!(from_link, request);
        // The same said twice is no contradiction.
        json["reply_to"] = reply.into();
        assert_eq!(SendRequest::from_json(&json.to_string()).unwrap(), request);
    }
}

#[test]
fn a_reply_to_another_message_than_that_of_the_link_is_refused() {
    for (link, other) in [(IN_CHANNEL, "17"), (IN_CHANNEL, "18"), (IN_CHAT, "16")] {
        let json =
            json!({"to": link, "reply_to": other, "message": {"body": {"text": "x"}}}).to_string();
        let error = SendRequest::from_json(&json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let problem = &error.problems()[0];
        assert_eq!(problem.field, "reply_to");
        assert!(problem.rule.contains("the link in `to`"), "{error}");
    }
}

#[test]
fn a_link_to_no_message_leaves_the_reply_as_it_is() {
    let link = "https://teams.microsoft.com/l/channel/19%3Ac%40thread.tacv2/General?groupId=t";
    for reply in [None, Some("5")] {
        let mut json = json!({"to": link, "message": {"body": {"text": "x"}}});
        if let Some(reply) = reply {
            json["reply_to"] = reply.into();
        }
        let request = SendRequest::from_json(&json.to_string()).unwrap();
        assert_eq!(request.reply_to.as_ref().map(|it| it.as_str()), reply);
    }
}
