//! Signs tokens with the key whose public half is in `jwks.json`.

use aws_lc_rs::{rand::SystemRandom, rsa::KeySize, signature};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ms_messenger_events::SigningKeys;
use serde_json::{Value, json};

pub(crate) const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
pub(crate) const APPLICATION: &str = "11111111-2222-3333-4444-555555555555";
/// 2026-01-01T00:10:00Z
pub(crate) const NOW: u64 = 1_767_226_200;

pub(crate) fn keys() -> SigningKeys {
    SigningKeys::from_jwks(include_bytes!("jwks.json")).unwrap()
}

/// The claims of a valid token of version 2, issued to `sender`.
pub(crate) fn claims(sender: &str) -> Value {
    json!({
        "aud": APPLICATION, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "tid": TENANT, "azp": sender, "nbf": NOW - 600, "exp": NOW + 3000, "ver": "2.0",
    })
}

/// A token with `header` and `claims`, signed with the known key.
pub(crate) fn token(header: &Value, claims: &Value) -> String {
    sign(&known_key(), header, claims)
}

/// The same, signed with a key that is in no key set.
pub(crate) fn foreign_token(header: &Value, claims: &Value) -> String {
    let key = signature::RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    sign(&key, header, claims)
}

pub(crate) fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "signer"})
}

fn known_key() -> signature::RsaKeyPair {
    let pem = include_str!("test-only-signer.pem");
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    signature::RsaKeyPair::from_pkcs8(&der).unwrap()
}

fn sign(key: &signature::RsaKeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut made = vec![0; key.public_modulus_len()];
    let (algorithm, random) = (&signature::RSA_PKCS1_SHA256, SystemRandom::new());
    key.sign(algorithm, &random, signed.as_bytes(), &mut made)
        .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(made))
}
