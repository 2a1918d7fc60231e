//! The JSON form is stable: queues and batch files hold it.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

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
    let whole = Message::html("<b>x</b>")
        .with_text_alternative("x")
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
