//! What a listed template asks for, against what a filled one has.

use acs_messages::{MessageTemplate, MessageTemplateItem, TemplateMediaValue, TemplateValueKind};
use ms_messenger_core::{ErrorKind, Template, TemplateButton};
use proptest::prelude::*;
use serde_json::{Value, json as value};

use super::recorder::{CHANNEL, Recorder, json};

fn item(status: &str, content: Value) -> MessageTemplateItem {
    let item = value!({"name": "parcel", "language": "en", "status": status, "kind": "whatsApp",
        "content": content});
    serde_json::from_value(item).unwrap()
}

fn text(value: &str) -> TemplateValueKind {
    TemplateValueKind::text(value)
}

fn image() -> TemplateValueKind {
    let address = "https://contoso.com/map.png".parse().unwrap();
    TemplateValueKind::image(TemplateMediaValue::new(address))
}

/// Field and rule of every problem.
fn problems(item: &MessageTemplateItem, template: &MessageTemplate) -> Vec<String> {
    let Err(error) = item.check(template) else {
        return Vec::new();
    };
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let problems = error.problems().iter();
    problems
        .map(|it| format!("{}: {}", it.field, it.rule))
        .collect()
}

fn full() -> Value {
    value!([
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Parcel {{1}} arrives at {{2}}."},
        {"type": "FOOTER", "text": "No reply"},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Yes"},
            {"type": "URL", "text": "Track", "url": "https://contoso.com/{{1}}"}]},
    ])
}

#[test]
fn a_template_with_every_value_passes() {
    let template = MessageTemplate::new("parcel", "en")
        .bind_header(image())
        .bind_body(text("7"))
        .bind_body(text("9:30"))
        .bind_quick_reply("yes")
        .bind_url("7");
    assert_eq!(problems(&item("approved", full()), &template), [""; 0]);
    let bare = MessageTemplate::new("parcel", "en");
    let simple = value!([{"type": "BODY", "text": "Hello"}]);
    assert_eq!(problems(&item("approved", simple), &bare), [""; 0]);
    assert_eq!(problems(&item("approved", Value::Null), &bare), [""; 0]);
}

#[test]
fn every_value_that_is_missing_is_named_at_once() {
    let template = MessageTemplate::new("parcel", "en").bind_body(text("7"));
    assert_eq!(
        problems(&item("paused", full()), &template),
        [
            "template.name: is paused, so that it cannot be sent",
            "template.bindings.header[0]: is missing: the header asks for an image",
            "template.bindings.body[1]: is missing: the body asks for {{2}}",
            "template.bindings.buttons[1]: is missing: the button asks for the end of its URL",
        ]
    );
}

#[test]
fn what_does_not_suit_or_is_left_over_is_named() {
    let template = MessageTemplate::new("letter", "de")
        .bind_header(text("x"))
        .bind_body(text("1"))
        .bind_body(text("2"))
        .bind_body(text("3"))
        .bind_url("x")
        .bind_quick_reply("x")
        .bind_quick_reply("x");
    assert_eq!(
        problems(&item("stopped", full()), &template),
        [
            "template.name: is not that of the listed template",
            "template.language: is not that of the listed template",
            "template.name: has an unknown status, and is not approved",
            "template.bindings.header[0]: the header asks for an image",
            "template.bindings.body[2]: the body asks for 2 values only",
            "template.bindings.buttons[0]: the button asks for a payload",
            "template.bindings.buttons[1]: the button asks for the end of its URL",
            "template.bindings.buttons[2]: the template has 2 buttons only",
        ]
    );
    let plain = item(
        "approved",
        value!([{"type": "HEADER", "format": "TEXT", "text": "Hi"}]),
    );
    let template = MessageTemplate::new("parcel", "en").bind_header(image());
    let rule = "template.bindings.header: the template asks for no value in its header";
    assert_eq!(problems(&plain, &template), [rule]);
}

#[test]
fn what_is_not_known_is_not_refused() {
    let unknown = value!([{"type": "HEADER", "format": "PRODUCT"}, {"type": "CAROUSEL"},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW"}]}]);
    let template = MessageTemplate::new("parcel", "en")
        .bind_header(image())
        .bind_quick_reply("x")
        .bind_quick_reply("x");
    assert_eq!(problems(&item("approved", unknown), &template), [""; 0]);
}

#[tokio::test]
async fn a_template_of_the_neutral_model_is_checked_against_the_channel() {
    let one = |language: &str| {
        value!({"name": "parcel", "language": language, "status": "approved",
        "kind": "whatsApp", "content": full()})
    };
    let list = value!({"value": [one("de"), one("en")]});
    let channel = CHANNEL.parse().unwrap();
    let check = async |template: Template| {
        let recorder = Recorder::start([json(200, list.clone())]).await;
        let template = MessageTemplate::from(&template);
        recorder.client().check_template(channel, &template).await
    };
    let template = Template::new("parcel", "en")
        .with_body_value("7")
        .with_body_value("9:30")
        .with_button(TemplateButton::QuickReply("yes".into()))
        .with_button(TemplateButton::Url("7".into()));
    let error = check(template).await.unwrap_err();
    assert_eq!(error.problems()[0].field, "template.bindings.header[0]");
    assert_eq!(error.problems().len(), 1);
    let error = check(Template::new("parcel", "fr")).await.unwrap_err();
    let rule = "template.language: the template exists in de, en only";
    assert_eq!(error.message(), rule);
    let error = check(Template::new("letter", "")).await.unwrap_err();
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["template.language", "template.name"]);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_the_error_of_the_check() {
    let body = value!({"error": {"code": "Denied", "message": "Denied by the resource provider."}});
    let recorder = Recorder::start([json(401, body)]).await;
    let template = MessageTemplate::new("parcel", "en");
    let channel = CHANNEL.parse().unwrap();
    let error = recorder
        .client()
        .check_template(channel, &template)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

proptest! {
    #[test]
    fn any_content_is_checked(text in "(HEADER|BODY|BUTTONS|.{0,5})", body in "[{}0-9 ]{0,40}", n in 0_usize..4) {
        let content = value!([{"type": text, "format": text, "text": body,
            "buttons": [{"type": text, "url": body}, n]}]);
        let mut template = MessageTemplate::new("parcel", "en");
        for _ in 0..n {
            template = template.bind_body(TemplateValueKind::text("x")).bind_url("y");
        }
        let _ = item("approved", content).check(&template);
    }
}
