//! Nothing that was planted is found in what is kept, wherever and however it was planted.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::record::{body::Body, headers, path, redactor::Redactor};

/// Secrets and people.
const PLANTED: [&str; 12] = [
    "lene.hansen@contoso-fjordbank.example",
    "+4917612345678",
    "Lene Hansen-Quistgaard",
    "meet me at the harbour",
    "<p>meet me at the harbour</p>",
    "Zm9vYmFyc2VjcmV0a2V5MTIzNDU2Nzg5MA==",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsZW5lIn0.c2lnbmF0dXJl",
    "87d349ed-44d7-43e1-9a83-5f2406dee5bd",
    "8:acs:87d349ed-44d7-43e1-9a83-5f2406dee5bd_0000000d-feed-0000-0000-0123456789ab",
    "19:Harbour0123456789@thread.v2",
    "203.0.113.77",
    "Båd i Århus 👍",
];

/// Parts of them that say it all.
const NEEDLES: [&str; 13] = [
    "lene.hansen",
    "lene hansen",
    "fjordbank",
    "quistgaard",
    "harbour",
    "17612345678",
    "zm9vymfyc2vjcmv0",
    "eyjhbgcioi",
    "c2lnbmf0",
    "44d7-43e1",
    "feed-0000",
    "203.0.113",
    "århus",
];

/// The ways in which something comes over the wire.
fn encodings(text: &str) -> Vec<String> {
    let percent = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    vec![
        text.to_owned(),
        text.to_uppercase(),
        STANDARD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
        format!(
            "https://graph.microsoft.com/v1.0/users/{percent}/messages?$filter={percent}#{percent}"
        ),
        format!("https://{percent}@host.example/x?sig={percent}&{percent}=1"),
        format!("/v1.0/chats/{percent}/messages"),
        json!({"inner": text, "content": text}).to_string(),
        percent.clone(),
        format!("data:text/plain,{percent}"),
        format!("#microsoft.graph.{text}"),
        format!("2026-01-01T00:00:00Z{text}"),
    ]
}

fn assert_clean(kept: &str) {
    let shown = kept.to_lowercase();
    for planted in PLANTED {
        for encoded in encodings(planted).into_iter().take(4) {
            assert!(!kept.contains(&encoded), "{encoded} in {kept}");
        }
    }
    for needle in NEEDLES {
        assert!(!shown.contains(needle), "{needle} in {kept}");
        let percent = utf8_percent_encode(needle, NON_ALPHANUMERIC)
            .to_string()
            .to_lowercase();
        assert!(!shown.contains(&percent), "{percent} in {kept}");
    }
}

fn redactor() -> Redactor {
    Redactor::new(vec!["contoso-fjordbank.communication.azure.com".to_owned()])
}

fn members() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "id",
        "content",
        "displayName",
        "@odata.type",
        "@odata.context",
        "createdDateTime",
        "clientState",
        "access_token",
        "userPrincipalName",
        "href",
        "metadata",
        "code",
        "url",
        "kind",
        "messageType",
        "value",
        "x@odata.type",
        "headers",
        "body",
    ];
    let known = proptest::sample::select(KNOWN).prop_map(str::to_owned);
    prop_oneof![6 => known, 1 => "[a-z]{1,12}", 1 => planted()]
}

fn planted() -> impl Strategy<Value = String> {
    (0..PLANTED.len(), 0..12_usize).prop_map(|(which, how)| encodings(PLANTED[which]).remove(how))
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => planted().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::from(4_917_612_345_678_u64)),
        1 => Just(Value::from(-17_612_345_678_i64)),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((members(), inner), 0..6)
                .prop_map(|all| Value::Object(all.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn json_keeps_nothing_that_was_planted(value in values()) {
        let kept = redactor().json(&value);
        assert_clean(&kept.to_string());
        prop_assert_eq!(value.is_object(), kept.is_object());
    }

    #[test]
    fn bodies_keep_nothing_that_was_planted(text in planted(), name in planted(), kind in 0..5_usize) {
        let kinds = ["application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/related", "x"];
        let percent = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let body = match kind {
            0 => json!([{ &name: &text }, text]).to_string(),
            1 => format!("client_secret={0}&{1}={0}&grant_type={0}", percent(&text), percent(&name)),
            _ => text.clone(),
        };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kinds[kind]));
        let kept = Body::redact(&headers, &Bytes::from(body), &redactor());
        assert_clean(&serde_json::to_string(&kept).unwrap());
    }

    #[test]
    fn broken_json_keeps_nothing_at_all(text in planted(), cut in 1..30_usize) {
        let body = json!({ "content": text }).to_string();
        let at = body.char_indices().nth(cut.min(body.chars().count() - 1)).unwrap().0;
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let kept = Body::redact(&headers, &Bytes::copy_from_slice(&body.as_bytes()[..at]), &redactor());
        prop_assert!(matches!(kept, Body::Removed(_)), "{:?}", kept);
    }

    #[test]
    fn targets_and_addresses_keep_nothing_that_was_planted(text in planted()) {
        let redactor = redactor();
        let percent = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        for target in [
            format!("/v1.0/chats/{percent}/messages?$filter={percent}&{percent}"),
            format!("/chat/threads/{percent}:send?api-version={percent}"),
            format!("/v1.0/users('{percent}')/delta({percent})"),
            format!("/v1.0/me/drive/root:/{percent}/{percent}:/content"),
        ] {
            assert_clean(&redactor.target(&target));
            let (path, _) = target.split_once('?').unwrap_or((&target, ""));
            prop_assert_eq!(path::shape(&redactor.path(path)), path::shape(path));
        }
        for url in encodings(&text) {
            assert_clean(&redactor.url(&url));
        }
    }

    #[test]
    fn headers_keep_nothing_that_was_planted(text in planted(), which in 0..16_usize) {
        let names = [
            "authorization", "cookie", "set-cookie", "content-type", "location", "retry-after", "date", "allow",
            "www-authenticate", "api-supported-versions", "x-ms-client-request-id", "cache-control", "etag",
            "operation-location", "odata-version", "x-lene-hansen-quistgaard-0123456789-harbour-of-the-fjordbank",
        ];
        let mut given = HeaderMap::new();
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        given.insert(HeaderName::from_static(names[which]), value);
        let kept = headers::redact(&given, &redactor());
        prop_assert_eq!(kept.len(), 1);
        assert_clean(&serde_json::to_string(&kept).unwrap());
    }
}

#[test]
fn what_a_contract_fixes_is_kept() {
    let given = json!({
        "@odata.context": "https://contoso-fjordbank.communication.azure.com/v1.0/$metadata#chats('19%3Aabc')/messages/$entity",
        "@odata.type": "#microsoft.graph.chatMessage",
        "messageType": "message", "createdDateTime": "2026-01-02T03:04:05.678Z", "deletedDateTime": null,
        "importance": "normal", "count": 17, "isOwner": true, "tabs": [],
        "body": {"contentType": "html", "content": "<p>hello</p>"},
        "error": {"code": "TooManyRequests", "message": "slow down"},
    });
    let kept = redactor().json(&given);
    for same in [
        "@odata.type",
        "messageType",
        "createdDateTime",
        "deletedDateTime",
        "importance",
        "count",
        "isOwner",
        "tabs",
    ] {
        assert_eq!(kept[same], given[same]);
    }
    assert_eq!(kept["body"]["contentType"], "html");
    assert_eq!(kept["error"]["code"], "TooManyRequests");
    assert_eq!(kept["body"]["content"], "<p>text removed tex</p>");
    let context = kept["@odata.context"].as_str().unwrap();
    assert!(
        context.starts_with("{origin}/v1.0/$metadata#chats('19:"),
        "{context}"
    );
    assert!(context.ends_with("')/messages/$entity"), "{context}");
}

#[test]
fn an_identifier_has_one_pseudonym_wherever_it_is() {
    let redactor = redactor();
    let id = "19:Harbour0123456789@thread.v2";
    let known = redactor.json(&json!(id));
    let known = known.as_str().unwrap();
    let kept = redactor
        .json(&json!({"chatId": id, "href": "/v1.0/chats/19%3AHarbour0123456789%40thread.v2"}));
    assert_eq!(kept["chatId"], known);
    assert_eq!(kept["href"], format!("/v1.0/chats/{known}"));
    assert_eq!(
        path::ids(&redactor.path(&format!("/v1.0/chats/{id}"))),
        [known]
    );
}
