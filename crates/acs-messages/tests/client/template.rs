//! Templates are checked locally, all problems at once.

use acs_messages::{
    ButtonBinding, ButtonSubType, MessageTemplate, TemplateBindings, TemplatePlaceValue,
    TemplateValue, TemplateValueKind, ValueReference, WhatsAppBindings,
};
use serde_json::json;

fn fields(template: &MessageTemplate) -> Vec<String> {
    match template.check() {
        Ok(()) => Vec::new(),
        Err(error) => error.problems().iter().map(|p| p.field.clone()).collect(),
    }
}

#[test]
fn values_are_bound_by_position_under_names_of_their_own() {
    let template = MessageTemplate::new("t", "en")
        .bind_header(TemplateValueKind::location(TemplatePlaceValue::new(
            59.3, 18.1,
        )))
        .bind_body(TemplateValueKind::text("a"))
        .bind_body(TemplateValueKind::text("b"))
        .bind_url("suffix");
    assert!(template.check().is_ok());
    assert_eq!(
        serde_json::to_value(&template).unwrap()["bindings"],
        json!({"kind": "whatsApp", "header": [{"refValue": "value1"}],
            "body": [{"refValue": "value2"}, {"refValue": "value3"}],
            "buttons": [{"subType": "url", "refValue": "value4"}]})
    );
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let mut bindings = WhatsAppBindings::default();
    bindings.header.push(ValueReference::new("quick"));
    bindings.body.push(ValueReference::new("missing"));
    bindings.body.push(ValueReference::new("place"));
    bindings.footer.push(ValueReference::new("quick"));
    bindings
        .buttons
        .push(ButtonBinding::new(ButtonSubType::QuickReply, "text"));
    bindings
        .buttons
        .push(ButtonBinding::new(ButtonSubType::Url, "quick"));
    let mut template = MessageTemplate::new("", "english");
    template.values = vec![
        TemplateValue::new("text", TemplateValueKind::text("x")),
        TemplateValue::new("text", TemplateValueKind::text("y")),
        TemplateValue::new("quick", TemplateValueKind::quick_reply("p")),
        TemplateValue::new(
            "place",
            TemplateValueKind::location(TemplatePlaceValue::new(91.0, 181.0)),
        ),
        TemplateValue::new(
            "",
            TemplateValueKind::image("http://a.com/".parse::<url::Url>().unwrap()),
        ),
    ];
    template.bindings = Some(TemplateBindings::WhatsApp(bindings));
    assert_eq!(
        fields(&template),
        [
            "template.name",
            "template.language",
            "template.values[1].name",
            "template.values[3].latitude",
            "template.values[3].longitude",
            "template.values[4].name",
            "template.values[4].url",
            "template.bindings.header[0].refValue",
            "template.bindings.body[0].refValue",
            "template.bindings.body[1].refValue",
            "template.bindings.footer[0].refValue",
            "template.bindings.buttons[0].refValue",
            "template.bindings.buttons[1].refValue",
        ]
    );
}

#[test]
fn a_button_of_an_unknown_kind_is_sent_with_any_value() {
    for value in [
        json!({"name": "a", "kind": "quickAction", "payload": "p"}),
        json!({"name": "a", "kind": "quickAction"}),
        json!({"name": "a", "kind": "text", "text": "t"}),
        json!({"name": "a", "kind": "flow", "token": "x"}),
    ] {
        let json = json!({"name": "t", "language": "en", "values": [value], "bindings":
            {"kind": "whatsApp", "buttons": [{"subType": "flow", "refValue": "a"}]}});
        let template: MessageTemplate = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(fields(&template), [""; 0], "{json}");
        assert_eq!(serde_json::to_value(&template).unwrap(), json);
    }
    let mut bindings = WhatsAppBindings::default();
    let buttons = &mut bindings.buttons;
    buttons.push(ButtonBinding::new("flow".into(), "attack at dawn"));
    buttons.push(ButtonBinding::new("".into(), "a"));
    let mut template = MessageTemplate::new("t", "en");
    template.values = vec![TemplateValue::new("a", TemplateValueKind::text("x"))];
    template.bindings = Some(TemplateBindings::WhatsApp(bindings));
    let error = template.check().unwrap_err();
    let buttons = "template.bindings.buttons";
    assert_eq!(
        fields(&template),
        [
            format!("{buttons}[0].refValue"),
            format!("{buttons}[1].subType")
        ]
    );
    assert!(!error.to_string().contains("dawn"), "{error}");
}

#[test]
fn all_six_kinds_and_unknown_ones_survive_a_round_trip() {
    let json = json!({"name": "t", "language": "en", "values": [
        {"name": "a", "kind": "text", "text": "x"},
        {"name": "b", "kind": "image", "url": "https://a.com/i", "caption": "c", "fileName": "f"},
        {"name": "c", "kind": "document", "url": "https://a.com/d"},
        {"name": "d", "kind": "video", "url": "https://a.com/v"},
        {"name": "e", "kind": "location", "latitude": 1.5, "longitude": -2.5, "locationName": "n", "address": "a"},
        {"name": "f", "kind": "quickAction", "text": "t", "payload": "p"},
        {"name": "g", "kind": "currency", "amount": 7}
    ], "bindings": {"kind": "telegram", "anything": [1]}});
    let template: MessageTemplate = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&template).unwrap(), json);
}

#[test]
fn a_known_kind_with_wrong_members_is_no_unknown_kind() {
    let error = serde_json::from_value::<TemplateValueKind>(json!({"kind": "image"})).unwrap_err();
    assert!(error.to_string().contains("url"), "{error}");
}

#[test]
fn languages_are_codes() {
    for (language, sound) in [
        ("en", true),
        ("en_US", true),
        ("en_us", true),
        ("fil", true),
        ("e", false),
        ("en-US", false),
        ("en_USA", false),
        ("", false),
    ] {
        assert_eq!(
            fields(&MessageTemplate::new("t", language)).is_empty(),
            sound,
            "{language}"
        );
    }
}
