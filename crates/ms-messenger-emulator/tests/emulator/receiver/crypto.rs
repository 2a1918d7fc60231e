//! What a receiver decrypts and verifies, by another library than the emulator's.

use aws_lc_rs::{
    cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac,
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

const KEY: &str = include_str!("test-only-key.txt");
/// The certificate in the form that Graph takes.
pub(crate) const CERTIFICATE: &str = include_str!("test-only-certificate.txt");

fn bytes(content: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(content[name].as_str().unwrap()).unwrap()
}

/// The key of an encrypted content.
pub(crate) fn data_key(content: &Value) -> Vec<u8> {
    let key = STANDARD.decode(KEY).unwrap();
    let key = PrivateDecryptingKey::from_pkcs8(&key).unwrap();
    let key = OaepPrivateDecryptingKey::new(key).unwrap();
    let mut opened = vec![0; key.min_output_size()];
    let sealed = bytes(content, "dataKey");
    let opened = key.decrypt(&OAEP_SHA1_MGF1SHA1, &sealed, &mut opened, None);
    opened.unwrap().to_vec()
}

/// Whether the signature matches the decoded data.
pub(crate) fn is_signed(content: &Value) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &data_key(content));
    let signature = bytes(content, "dataSignature");
    hmac::verify(&key, &bytes(content, "data"), &signature).is_ok()
}

/// The message of an encrypted content.
pub(crate) fn decrypt(content: &Value) -> Value {
    let key = data_key(content);
    let iv: [u8; 16] = key[..16].try_into().unwrap();
    let key = UnboundCipherKey::new(&AES_256, &key).unwrap();
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).unwrap();
    let mut data = bytes(content, "data");
    let context = DecryptionContext::Iv128((&iv).into());
    serde_json::from_slice(key.decrypt(&mut data, context).unwrap()).unwrap()
}

/// The claims of a token that a key of the set has signed by RS256.
pub(crate) fn verified(token: &str, keys: &Value) -> Value {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (head, body) = input.split_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let head: Value = serde_json::from_slice(&decode(head)).unwrap();
    assert_eq!(head["alg"], "RS256");
    let mut keys = keys["keys"].as_array().unwrap().iter();
    let key = keys.find(|key| key["kid"] == head["kid"]).unwrap();
    let part = |name: &str| decode(key[name].as_str().unwrap());
    let key = RsaPublicKeyComponents {
        n: part("n"),
        e: part("e"),
    };
    let signed = key.verify(
        &RSA_PKCS1_2048_8192_SHA256,
        input.as_bytes(),
        &decode(signature),
    );
    signed.unwrap();
    serde_json::from_slice(&decode(body)).unwrap()
}
