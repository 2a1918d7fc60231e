//! Bearer tokens of Entra ID.

use std::time::{Duration, SystemTime};

use http::{Request, header::AUTHORIZATION};
use ms_messenger_events::{
    EntraTokens, EventGrid, Incoming, Outcome, Rejection, SigningKeys, TokenError,
    event_grid::Event,
};
use serde_json::{Value, json};

use super::{events, rejection};

#[path = "../keys/signer.rs"]
mod signer;

use signer::{APPLICATION, NOW, TENANT, claims, foreign_token, header, keys, token};

const EVENT_GRID: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

fn tokens() -> EntraTokens {
    EntraTokens::new(keys())
        .with_audience(APPLICATION)
        .with_tenant(TENANT)
}

fn receive(receiver: &EventGrid, authorization: &str) -> Outcome<Event> {
    let request = Request::post("/").header(AUTHORIZATION, authorization);
    let request = request.body("[]").unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    receiver.receive(&Incoming::of(&request).with_received_at(time))
}

fn receiver() -> EventGrid {
    let builder = EventGrid::builder().with_tokens(tokens());
    builder.build().unwrap()
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims(EVENT_GRID);
    claims[name] = value;
    claims
}

/// Why a token with the right key and these claims is rejected, and with which status.
fn error(claims: &Value) -> (TokenError, u16) {
    let token = token(&header(), claims);
    let (reason, reply) = rejection(receive(&receiver(), &format!("Bearer {token}")));
    assert!(!format!("{reason:?} {reason}").contains(&token[..20]));
    let Rejection::Token(error) = reason else {
        panic!("{reason}");
    };
    (error, reply.status.as_u16())
}

#[test]
fn tokens_of_both_versions_are_accepted() {
    let mut old = claims(EVENT_GRID);
    old.as_object_mut().unwrap().remove("azp");
    old["appid"] = json!(EVENT_GRID);
    old["iss"] = json!(format!("https://sts.windows.net/{TENANT}/"));
    for claims in [
        claims(EVENT_GRID),
        old,
        with("aud", json!(APPLICATION.to_uppercase())),
    ] {
        let token = token(&header(), &claims);
        for scheme in ["Bearer", "bearer"] {
            assert!(events(receive(&receiver(), &format!("{scheme} {token}"))).is_empty());
        }
    }
}

#[test]
fn a_token_with_a_foreign_claim_is_rejected() {
    let other = "99999999-9999-9999-9999-999999999999";
    let other_issuer = format!("https://login.microsoftonline.com/{other}/v2.0");
    for (name, value, expected) in [
        ("aud", other, TokenError::Audience),
        ("tid", other, TokenError::Tenant),
        ("iss", &other_issuer, TokenError::Issuer),
        ("iss", "https://example.org/", TokenError::Issuer),
        ("azp", other, TokenError::Application),
        ("azp", "", TokenError::Application),
    ] {
        assert_eq!(error(&with(name, json!(value))), (expected, 401), "{name}");
    }
    let mut anonymous = claims(EVENT_GRID);
    anonymous.as_object_mut().unwrap().remove("azp");
    assert_eq!(error(&anonymous), (TokenError::Application, 401));
}

#[test]
fn times_are_checked_with_a_leeway_and_a_new_token_may_be_accepted() {
    for (name, time, expected) in [
        ("exp", NOW - 299, None),
        ("exp", NOW - 301, Some(TokenError::Expired)),
        ("nbf", NOW + 299, None),
        ("nbf", NOW + 301, Some(TokenError::NotYetValid)),
    ] {
        let claims = with(name, json!(time));
        match expected {
            Some(expected) => assert_eq!(error(&claims), (expected, 503), "{name}"),
            None => {
                let token = token(&header(), &claims);
                events(receive(&receiver(), &format!("Bearer {token}")));
            }
        }
    }
}

#[test]
fn a_signature_that_does_not_match_is_rejected() {
    let claims = claims(EVENT_GRID);
    let reject = |token: &str| {
        let (reason, reply) = rejection(receive(&receiver(), &format!("Bearer {token}")));
        (reason, reply.status.as_u16())
    };
    let signature = (Rejection::Token(TokenError::Signature), 401);
    assert_eq!(reject(&foreign_token(&header(), &claims)), signature);

    // The same signature over other claims.
    let genuine = token(&header(), &claims);
    let other = token(&header(), &with("aud", json!("x")));
    let (signed, _) = other.rsplit_once('.').unwrap();
    let (_, made) = genuine.rsplit_once('.').unwrap();
    assert_eq!(reject(&format!("{signed}.{made}")), signature);
    assert_eq!(reject(&format!("{signed}.")), signature);

    let mut extended = header();
    extended["crit"] = json!(["b64"]);
    let malformed = (Rejection::Token(TokenError::Malformed), 401);
    assert_eq!(reject(&token(&extended, &claims)), malformed);

    let algorithm = (Rejection::Token(TokenError::Algorithm), 401);
    for name in ["none", "HS256", "RS384", "rs256"] {
        let mut header = header();
        header["alg"] = json!(name);
        assert_eq!(reject(&token(&header, &claims)), algorithm);
    }
}

#[test]
fn an_unknown_key_is_temporary_only_for_a_token_that_is_meant_for_us() {
    let mut unknown = header();
    unknown["kid"] = json!("rotated");
    let ours = foreign_token(&unknown, &claims(EVENT_GRID));
    let (reason, reply) = rejection(receive(&receiver(), &format!("Bearer {ours}")));
    assert_eq!(reason, Rejection::Token(TokenError::UnknownKey));
    assert_eq!(reply.status, 503);
    let foreign = foreign_token(&unknown, &with("azp", json!("x")));
    let (reason, reply) = rejection(receive(&receiver(), &format!("Bearer {foreign}")));
    assert_eq!(reason, Rejection::Token(TokenError::Application));
    assert_eq!(reply.status, 401);
}

#[test]
fn keys_can_be_replaced_while_requests_are_received() {
    let other = br#"{"keys":[{"kty":"RSA","kid":"other","n":"AQAB","e":"AQAB"}]}"#;
    let other = SigningKeys::from_jwks(other).unwrap();
    let tokens = EntraTokens::new(other)
        .with_audience(APPLICATION)
        .with_tenant(TENANT);
    let mut receiver = EventGrid::builder().with_tokens(tokens).build().unwrap();
    let bearer = format!("Bearer {}", token(&header(), &claims(EVENT_GRID)));
    assert_eq!(rejection(receive(&receiver, &bearer)).1.status, 503);
    receiver.set_signing_keys(keys());
    events(receive(&receiver, &bearer));
}

#[test]
fn a_key_of_one_tenant_signs_for_no_other() {
    let set = std::str::from_utf8(include_bytes!("../keys/jwks.json")).unwrap();
    for (tenant, accepted) in [
        (TENANT, true),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", false),
    ] {
        let keys = SigningKeys::from_jwks(set.replace("{tenantid}", tenant).as_bytes()).unwrap();
        let tokens = EntraTokens::new(keys)
            .with_audience(APPLICATION)
            .with_tenant(TENANT);
        let receiver = EventGrid::builder().with_tokens(tokens).build().unwrap();
        let bearer = format!("Bearer {}", token(&header(), &claims(EVENT_GRID)));
        let outcome = receive(&receiver, &bearer);
        assert_eq!(matches!(outcome, Outcome::Events(_)), accepted);
    }
}

#[test]
fn another_cloud_has_another_sender_and_another_issuer() {
    let tokens = tokens()
        .with_sender("12345678-0000-0000-0000-000000000000")
        .with_issuer("https://login.microsoftonline.us/{tenant}/v2.0");
    let receiver = EventGrid::builder().with_tokens(tokens).build().unwrap();
    let mut other = claims("12345678-0000-0000-0000-000000000000");
    other["iss"] = json!(format!("https://login.microsoftonline.us/{TENANT}/v2.0"));
    events(receive(
        &receiver,
        &format!("Bearer {}", token(&header(), &other)),
    ));
    let public = format!("Bearer {}", token(&header(), &claims(EVENT_GRID)));
    let (reason, _) = rejection(receive(&receiver, &public));
    assert_eq!(reason, Rejection::Token(TokenError::Application));
}

#[test]
fn what_is_no_token_is_rejected() {
    let long = format!("Bearer {}", "a".repeat(16 * 1024 + 1));
    for (given, expected) in [
        ("", Rejection::Unsigned("bearer token")),
        ("Basic aHVudGVyMg==", Rejection::Unsigned("bearer token")),
        ("Bearer", Rejection::Unsigned("bearer token")),
        ("Bearer ", Rejection::Token(TokenError::Malformed)),
        ("Bearer ..", Rejection::Token(TokenError::Malformed)),
        ("Bearer a.b.c", Rejection::Token(TokenError::Malformed)),
        (
            "Bearer e30.e30.e30",
            Rejection::Token(TokenError::Malformed),
        ),
        (&long, Rejection::Token(TokenError::TooLong)),
    ] {
        let (reason, reply) = rejection(receive(&receiver(), given));
        assert_eq!(
            (reason, reply.status.as_u16()),
            (expected, 401),
            "{given:.20}"
        );
    }
}

#[test]
fn a_check_that_would_accept_nothing_or_everything_is_not_built() {
    let error = EventGrid::builder()
        .with_tokens(EntraTokens::new(SigningKeys::default()).with_tenant(" "))
        .build()
        .unwrap_err();
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["tokens.audience", "tokens.tenant", "tokens.keys"]);
    for (json, rule) in [
        ("[]", "must be a JSON Web Key Set"),
        ("{\"keys\":[]}", "must have an RSA key with an id"),
        (
            "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
            "must have an RSA key with an id",
        ),
        (
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"1\",\"n\":\"!\",\"e\":\"AQAB\"}]}",
            "must have an RSA key with an id",
        ),
    ] {
        let error = SigningKeys::from_jwks(json.as_bytes()).unwrap_err();
        assert_eq!(error.problems()[0].rule, rule);
    }
}
