use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::{IdempotencyKey, Message, Receipt, SendRequest};

fn said<T: DeserializeOwned + fmt::Debug>(text: &str) -> String {
    from_str::<T>(text).unwrap_err().to_string()
}

#[test]
fn the_error_says_what_is_expected_and_where() {
    for (body, expected) in [
        (
            json!({"html": "secret"}),
            "message.body.html: expected an object",
        ),
        (
            json!({"html": {"text": "secret"}}),
            "message.body.html: `html` is missing",
        ),
        (
            json!({"html": {"html": ["secret"]}}),
            "message.body.html.html: expected a string",
        ),
        (json!({"text": 7}), "message.body.text: expected a string"),
        (
            json!({"text": "secret", "html": {"html": "secret"}}),
            "message.body: expected text, html, media, template or native, or an object with only \
             that member",
        ),
        (
            json!("secret"),
            "message.body: expected text, html, media, template or native",
        ),
        (
            json!("text"),
            "message.body: expected an object with exactly one member",
        ),
        (
            json!({"smell": "secret"}),
            "message.body: expected text, html, media, template or native",
        ),
        (
            json!({"secret word": "x"}),
            "message.body: expected text, html, media, template or native",
        ),
        (
            json!({"media": {"kind": "secret", "url": "https://a.com"}}),
            "message.body.media.kind: expected image, document, video or audio",
        ),
        (
            json!({"media": {"kind": ["secret"], "url": "https://a.com"}}),
            "message.body.media.kind: expected image, document, video or audio",
        ),
        (
            json!({"media": {"kind": "image", "url": "secret"}}),
            "message.body.media.url: expected an absolute URL, e.g. https://contoso.com/a.png",
        ),
        (
            json!({"template": {"name": "n", "language": "en", "header": {"location": {"latitude": "secret", "longitude": 1}}}}),
            "message.body.template.header.location.latitude: expected a number",
        ),
        (
            json!({"native": {"platform": "p", "payload": 1, "colour": "secret"}}),
            "message.body.native.colour: a member that is not known: expected platform or payload",
        ),
    ] {
        let text = json!({"to": "user:u", "message": {"body": body}}).to_string();
        let error = from_str::<SendRequest>(&text).unwrap_err();
        assert!(error.position.is_some());
        let shown = JsonError {
            position: None,
            ..error
        }
        .to_string();
        assert_eq!(shown, expected);
    }
}

#[test]
fn members_of_a_certain_form_are_not_repeated() {
    let request =
        |more: &str| format!(r#"{{"to":"user:u","message":{{"body":{{"text":"x"}}{more}}}"#);
    for (text, expected) in [
        (
            request(
                r#","attachments":[{"inline_image":{"content_type":"image/png","bytes":"secret!"}}]}"#,
            ),
            "message.attachments[0].inline_image.bytes: expected Base64 (line 1 column 123)",
        ),
        (
            request(r#"},"idempotency":{"id":"secret","first_sent":"2026-04-01T12:34:56Z"}"#),
            "idempotency.id: expected a UUID (line 1 column 75)",
        ),
        (
            request(
                r#"},"idempotency":{"id":"5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5","first_sent":"secret"}"#,
            ),
            "idempotency.first_sent: expected an RFC 3339 time, e.g. 2026-04-01T12:34:56Z (line 1 column 128)",
        ),
        (
            request(r#"},"to":"user:secret""#),
            "`to` is given more than once (line 1 column 51)",
        ),
    ] {
        assert_eq!(said::<SendRequest>(&text), expected);
    }
}

#[test]
fn a_target_that_cannot_be_read_names_the_rule() {
    for (to, rule) in [
        (
            "thread:x",
            "a target starts with conversation:, channel:, tel:, sip:, user: or whatsapp:",
        ),
        (
            "tel:1",
            "a telephone number is written in E.164 form: + and 7 to 15 digits",
        ),
    ] {
        let request = json!({"to": to, "message": {"body": {"text": "t"}}});
        let error = from_value::<SendRequest>(&request).unwrap_err();
        assert_eq!(error.to_string(), format!("to: {rule}"));
        let plain = serde_json::from_value::<crate::Target>(json!(to)).unwrap_err();
        let said = format!("invalid value: another value, expected a valid one: {rule}");
        assert_eq!(plain.to_string(), said);
    }
}

#[test]
fn a_text_that_is_not_json_says_where() {
    for (text, expected) in [
        ("", "not JSON: the text ends too early (line 1 column 0)"),
        ("{secret", "not JSON (line 1 column 2)"),
        (
            "{\"to\":\n \"secret",
            "not JSON: the text ends too early (line 2 column 8)",
        ),
        (
            "{} secret",
            "not JSON: more text follows the value (line 1 column 4)",
        ),
    ] {
        assert_eq!(said::<Receipt>(text), expected);
    }
}

#[test]
fn a_text_that_is_nested_too_deeply_says_the_limit() {
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(from_str::<Value>(&nested(127)).is_ok());
    let rule = "nested too deeply: at most 127 levels of arrays and objects";
    let said = said::<Value>(&nested(128));
    assert_eq!(said, format!("{rule} (line 1 column 128)"));
}

#[test]
fn a_number_has_its_range_and_no_type_of_the_language() {
    fn rule<T: DeserializeOwned + fmt::Debug>(value: Value) -> String {
        from_value::<T>(&value).unwrap_err().rule
    }
    for (rule, expected) in [
        (rule::<u8>(json!("7")), "0 to 255"),
        (rule::<u16>(json!(70_000)), "0 to 65535"),
        (rule::<u32>(json!(-1)), "0 to 4294967295"),
        (rule::<u64>(json!(1.5)), "0 to 18446744073709551615"),
        (rule::<usize>(json!(null)), "0 to 18446744073709551615"),
        (rule::<i8>(json!(200)), "-128 to 127"),
        (rule::<i16>(json!({})), "-32768 to 32767"),
        (rule::<i32>(json!([])), "-2147483648 to 2147483647"),
        (
            rule::<i64>(json!(1e30)),
            "-9223372036854775808 to 9223372036854775807",
        ),
        (rule::<std::num::NonZeroU8>(json!(0)), "1 to 255"),
    ] {
        assert_eq!(rule, format!("expected a whole number from {expected}"));
    }
    assert_eq!(rule::<f64>(json!("7")), "expected a number");
}

#[test]
fn a_value_is_named_by_the_member_that_holds_it() {
    #[derive(Debug, Deserialize)]
    struct Native {
        #[allow(dead_code, reason = "only its form counts")]
        list: Vec<bool>,
    }
    let problem = |value: Value| {
        let error = from_value::<Native>(&value).unwrap_err();
        error
            .into_problem_within("message.body.native.payload")
            .to_string()
    };
    assert_eq!(
        problem(json!("secret")),
        "message.body.native.payload: expected an object"
    );
    assert_eq!(
        problem(json!({})),
        "message.body.native.payload: `list` is missing"
    );
    assert_eq!(
        problem(json!({"list": [true, "secret"]})),
        "message.body.native.payload.list[1]: expected true or false"
    );
    let error = from_value::<Vec<bool>>(&json!([1])).unwrap_err();
    assert_eq!(error.into_problem_within("list").field, "list[0]");
}

#[test]
fn a_value_is_read_as_serde_json_reads_it() {
    let value = json!({"a": [1, -2, 2.5, null, true, "x", {"b": []}], "c": u64::MAX});
    assert_eq!(from_value::<Value>(&value).unwrap(), value);
    let map = json!({"x": {"text": "t"}, "y": {"html": {"html": "h"}}});
    let read: BTreeMap<String, crate::Body> = from_value(&map).unwrap();
    assert_eq!(read, serde_json::from_value(map).unwrap());
}

#[test]
fn a_member_that_is_read_apart_keeps_its_path() {
    #[derive(Debug)]
    struct Apart;
    impl<'de> Deserialize<'de> for Apart {
        fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
            let value = Value::deserialize(input)?;
            let read = from_value::<SendRequest>(&value);
            read.map(|_| Self).map_err(JsonError::into_serde)
        }
    }
    let message = |message: Value| json!({"in": [{"to": "user:u", "message": message}]});
    for (value, expected) in [
        (
            message(json!({"body": {"text": 7}})),
            "in[0].message.body.text: expected a string",
        ),
        (message(json!({})), "in[0].message: `body` is missing"),
        (json!({"in": ["secret"]}), "in[0]: expected an object"),
    ] {
        let error = from_value::<BTreeMap<String, Vec<Apart>>>(&value).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let error = from_str::<BTreeMap<String, Vec<Apart>>>(&value.to_string()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// JSON of every shape, in which `SECRET` stands for every text and every number.
fn hostile() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(SECRET)),
        Just(json!(31_415_926)),
        Just(json!(-314.159)),
        Just(Value::Null),
        Just(json!(true)),
    ];
    let name = prop_oneof![
        Just("to"),
        Just("message"),
        Just("body"),
        Just("text"),
        Just("html"),
        Just("media"),
        Just("kind"),
        Just("url"),
        Just("template"),
        Just("native"),
        Just("payload"),
        Just("platform"),
        Just("attachments"),
        Just("file"),
        Just("inline_image"),
        Just("bytes"),
        Just("idempotency"),
        Just("id"),
        Just("first_sent"),
        Just("reply_to"),
        Just("acceptance"),
        Just(SECRET),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()),
        ]
    })
}

const SECRET: &str = "attack at dawn";

proptest! {
    #[test]
    fn no_value_and_no_text_is_ever_repeated(value in hostile(), request in any::<bool>(), cut in 0_usize..400) {
        let value = match request {
            true => json!({"to": "user:u", "message": {"body": value}}),
            false => value,
        };
        let text = value.to_string();
        let cut = text.get(..cut).unwrap_or(&text).to_owned();
        for text in [text, cut] {
            let errors = [
                from_str::<SendRequest>(&text).err().map(|it| format!("{it} {it:?}")),
                from_str::<Receipt>(&text).err().map(|it| format!("{it} {it:?}")),
                from_str::<Message>(&text).err().map(|it| format!("{it} {it:?}")),
                from_str::<IdempotencyKey>(&text).err().map(|it| format!("{it} {it:?}")),
                SendRequest::from_json(&text).err().map(|it| format!("{it} {it:?}")),
            ];
            for error in errors.into_iter().flatten() {
                for word in ["attack", "dawn", "31415926", "314.159"] {
                    prop_assert!(!error.contains(word), "{error}");
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_word_of_it(words in "[A-Z]{12,20}", text in ".*") {
        let whole = format!("{text}{words}{text}");
        if let Err(error) = from_str::<SendRequest>(&whole) {
            prop_assert!(!error.to_string().contains(&words));
        }
    }
}
