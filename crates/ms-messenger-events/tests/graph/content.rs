//! Notifications with resource data.

use std::time::{Duration, SystemTime};

use http::Request;
use ms_messenger_events::{
    EntraTokens, GraphNotifications, Incoming, Outcome, Rejection, TokenError,
    graph::{DecryptionKey, Notification, ResourceContent},
};
use msgraph_chat::models::ChatMessage;
use serde_json::{Value, json};

use super::{STATE, batch, change, rejection};

#[path = "../keys/signer.rs"]
mod signer;

use signer::{APPLICATION, NOW, TENANT, claims, foreign_token, header, keys, token};

const CHANGE_TRACKING: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
const KEY_A: &[u8] = include_bytes!("../keys/test-only-certificate-a.pem");
const KEY_B: &[u8] = include_bytes!("../keys/test-only-certificate-b.pem");

/// The content `a` or `b`, as it was encrypted by another library.
fn encrypted(name: &str) -> Value {
    let all = include_bytes!("../keys/encrypted-contents.json");
    let all: Value = serde_json::from_slice(all).unwrap();
    all[name].clone()
}

fn item(content: Value) -> Value {
    let mut item = change();
    item["encryptedContent"] = content;
    item
}

fn key(name: &str, pem: &[u8]) -> DecryptionKey {
    DecryptionKey::from_pem(name, pem).unwrap()
}

fn receiver(keys_of_certificates: &[DecryptionKey]) -> GraphNotifications {
    let tokens = EntraTokens::new(keys())
        .with_audience(APPLICATION)
        .with_tenant(TENANT);
    let mut builder = GraphNotifications::builder()
        .with_client_state(STATE)
        .with_validation_tokens(tokens);
    for key in keys_of_certificates {
        builder = builder.with_decryption_key(key.clone());
    }
    builder.build().unwrap()
}

fn both() -> GraphNotifications {
    receiver(&[key("certificate-a", KEY_A), key("certificate-b", KEY_B)])
}

fn valid_token() -> String {
    token(&header(), &claims(CHANGE_TRACKING))
}

fn receive(
    receiver: &GraphNotifications,
    items: &[Value],
    tokens: &[String],
) -> Outcome<Notification> {
    let body = json!({"value": items, "validationTokens": tokens}).to_string();
    let request = Request::post("/graph").body(body).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    receiver.receive(&Incoming::of(&request).with_received_at(time))
}

fn content(notification: &Notification) -> &ResourceContent {
    let Notification::Change(change) = notification else {
        panic!("{notification:?}")
    };
    change.content.as_ref().unwrap()
}

#[test]
fn content_for_several_certificates_is_decrypted() {
    let vector = include_str!("../keys/validation-token.txt")
        .trim()
        .to_owned();
    for tokens in [
        vec![vector.clone()],
        vec![valid_token()],
        vec![valid_token(), vector],
    ] {
        let items = [item(encrypted("a")), change(), item(encrypted("b"))];
        let mut batch = batch(receive(&both(), &items, &tokens));
        assert_eq!(batch.rejected(), []);
        let events = batch.take_events();
        let message: ChatMessage = content(&events[0]).read().unwrap();
        assert_eq!(message.id.as_deref(), Some("1767225600000"));
        assert_eq!(message.body.unwrap().content.as_deref(), Some("grøn"));
        let message: Value = content(&events[2]).read().unwrap();
        assert_eq!(message["body"]["content"], "build 42");
        assert!(!format!("{events:?}").contains("grøn"));
        // It is kept with its content, and without what was encrypted.
        let json = serde_json::to_value(&events[0]).unwrap();
        assert!(json.get("encryptedContent").is_none());
        assert_eq!(
            serde_json::from_value::<Notification>(json).unwrap(),
            events[0]
        );
        assert_eq!(batch.kept().status, 202);
    }
}

#[test]
fn content_without_tokens_is_dropped() {
    let body = json!({"value": [item(encrypted("a")), change()]}).to_string();
    for batch in [
        batch(receive(&both(), &[item(encrypted("a")), change()], &[])),
        batch(super::receive(&both(), body)),
    ] {
        assert_eq!(batch.rejected(), [Rejection::NoValidationTokens]);
        assert_eq!(batch.events().len(), 1);
        assert_eq!(batch.kept().status, 202);
    }
}

#[test]
fn one_invalid_token_rejects_the_whole_request() {
    let mut rotated = header();
    rotated["kid"] = json!("rotated");
    let mut expired = claims(CHANGE_TRACKING);
    expired["exp"] = json!(NOW - 3600);
    let event_grid = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
    for (wrong, expected, status) in [
        (
            token(&header(), &claims(event_grid)),
            TokenError::Application,
            202,
        ),
        (
            foreign_token(&header(), &claims(CHANGE_TRACKING)),
            TokenError::Signature,
            202,
        ),
        ("a.b.c".to_owned(), TokenError::Malformed, 202),
        (token(&header(), &expired), TokenError::Expired, 503),
        (
            foreign_token(&rotated, &claims(CHANGE_TRACKING)),
            TokenError::UnknownKey,
            503,
        ),
    ] {
        let tokens = [valid_token(), wrong];
        let (reason, reply) = rejection(receive(&both(), &[item(encrypted("a"))], &tokens));
        assert_eq!(reason, Rejection::Token(expected));
        assert_eq!(reply.status, status, "{expected}");
    }
}

#[test]
fn content_of_a_tenant_without_a_token_is_dropped() {
    let mut foreign = item(encrypted("a"));
    foreign["tenantId"] = json!("99999999-9999-9999-9999-999999999999");
    let batch = batch(receive(
        &both(),
        &[foreign, item(encrypted("b"))],
        &[valid_token()],
    ));
    assert_eq!(batch.rejected(), [Rejection::ForeignTenant]);
    assert_eq!(batch.events().len(), 1);
}

#[test]
fn tokens_are_not_even_read_for_a_wrong_client_state() {
    let mut forged = item(encrypted("a"));
    forged["clientState"] = json!("guess");
    let batch = batch(receive(&both(), &[forged], &["a.b.c".to_owned()]));
    assert_eq!(batch.rejected(), [Rejection::WrongClientState]);
    assert_eq!(batch.kept().status, 202);
}

#[test]
fn a_key_is_found_by_id_or_thumbprint_and_one_that_is_missing_is_waited_for() {
    let thumbprint = encrypted("a")["encryptionCertificateThumbprint"].clone();
    let thumbprint = thumbprint.as_str().unwrap().to_lowercase();
    let by_thumbprint = key("another name", KEY_A).with_thumbprint(thumbprint);
    // A certificate that was renewed under the same id.
    let renewed = [key("certificate-a", KEY_B), key("certificate-a", KEY_A)];
    for keys in [&[by_thumbprint][..], &renewed] {
        let batch = batch(receive(
            &receiver(keys),
            &[item(encrypted("a"))],
            &[valid_token()],
        ));
        assert_eq!(batch.events().len(), 1, "{batch:?}");
    }
    let only_b = receiver(&[key("certificate-b", KEY_B)]);
    let items = [item(encrypted("a")), item(encrypted("b"))];
    let missing = batch(receive(&only_b, &items, &[valid_token()]));
    assert_eq!(missing.rejected(), [Rejection::UnknownCertificate]);
    assert_eq!(missing.events().len(), 1);
    assert_eq!(missing.kept().status, 503);
    let wrong = receiver(&[key("certificate-a", KEY_B)]);
    let wrong = batch(receive(&wrong, &[item(encrypted("a"))], &[valid_token()]));
    assert_eq!(wrong.rejected(), [Rejection::DataKey]);
}

#[test]
fn content_that_was_changed_is_dropped() {
    let a = encrypted("a");
    let b = encrypted("b");
    let cut = &a["data"].as_str().unwrap()[..24];
    for (member, value, expected) in [
        ("data", b["data"].clone(), Rejection::DataSignature),
        ("data", json!(cut), Rejection::DataSignature),
        ("data", json!(""), Rejection::DataSignature),
        (
            "dataSignature",
            b["dataSignature"].clone(),
            Rejection::DataSignature,
        ),
        ("dataSignature", json!(""), Rejection::DataSignature),
        (
            "dataSignature",
            json!("no base64!"),
            Rejection::DataSignature,
        ),
        ("dataKey", b["dataKey"].clone(), Rejection::DataKey),
        ("dataKey", json!("AAAA"), Rejection::DataKey),
        ("dataKey", json!(""), Rejection::DataKey),
        ("dataKey", json!("no base64!"), Rejection::DataKey),
    ] {
        let mut changed = a.clone();
        changed[member] = value;
        let items = [item(changed), item(b.clone())];
        let batch = batch(receive(&both(), &items, &[valid_token()]));
        assert_eq!(batch.rejected(), [expected], "{member}");
        assert_eq!(batch.events().len(), 1);
        assert_eq!(batch.kept().status, 202);
    }
}

#[test]
fn keys_without_tokens_and_what_is_no_key_are_rejected() {
    let error = GraphNotifications::builder()
        .with_client_state(STATE)
        .with_decryption_key(key("certificate-a", KEY_A))
        .build()
        .unwrap_err();
    assert_eq!(error.problems()[0].field, "validation_tokens");
    for pem in [
        &b""[..],
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"\xff",
    ] {
        let error = DecryptionKey::from_pem("a", pem).unwrap_err();
        assert_eq!(error.problems()[0].field, "decryption_key");
    }
    assert!(!format!("{:?}", both()).contains("MII"));
}
