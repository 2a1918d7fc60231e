//! Decrypts the content of a notification.

use aws_lc_rs::{
    cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{content::ResourceContent, decryption_key::DecryptionKey, wire::EncryptedContent};
use crate::rejection::Rejection;

/// Decrypts `content`: the symmetric key by RSA, then the HMAC over the ciphertext is compared, then
/// AES-256-CBC, whose initialisation vector is the first half of the key.
pub(super) fn decrypt(
    content: &EncryptedContent,
    keys: &[DecryptionKey],
) -> Result<ResourceContent, Rejection> {
    let id = content.encryption_certificate_id.as_deref();
    let thumbprint = content.encryption_certificate_thumbprint.as_deref();
    let mut keys = keys
        .iter()
        .filter(|key| key.is_for(id, thumbprint))
        .peekable();
    if keys.peek().is_none() {
        return Err(Rejection::UnknownCertificate);
    }
    let data_key = decode(&content.data_key).ok_or(Rejection::DataKey)?;
    let key = keys.find_map(|key| key.decrypt(&data_key));
    let key = key.ok_or(Rejection::DataKey)?;
    open(content, &key)
}

/// Opens the content with its symmetric key.
fn open(content: &EncryptedContent, key: &[u8; 32]) -> Result<ResourceContent, Rejection> {
    let mut data = decode(&content.data).ok_or(Rejection::DataSignature)?;
    let signature = decode(&content.data_signature).ok_or(Rejection::DataSignature)?;
    let mac = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&mac, &data, &signature).map_err(|_| Rejection::DataSignature)?;

    let plain = decrypt_in_place(&mut data, key).ok_or(Rejection::Undecryptable)?;
    let plain = std::str::from_utf8(plain).map_err(|_| Rejection::Undecryptable)?;
    Ok(plain.into())
}

fn decrypt_in_place<'a>(data: &'a mut [u8], key: &[u8; 32]) -> Option<&'a [u8]> {
    let vector: [u8; 16] = key[..16].try_into().ok()?;
    let cipher = UnboundCipherKey::new(&AES_256, key).ok()?;
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).ok()?;
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    Some(cipher.decrypt(data, context).ok()?)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "eILdv/qvVyXVRnySsrVn+ehq1+emOKYcmVN1ccovkfhtgwHtJIGfAKlaG1pAe1CD6IWFRCn+Sxwne40jCA1L5rT1hjjwqGWRLl73HkDM/pY=";
    const SIGNATURE: &str = "NZT5MlcDYwzc/WuQ7kfrO1vYyuw4ucLYtEGCnbmL7YI=";
    /// Made over the text of the data instead of its bytes.
    const WRONG_SIGNATURE: &str = "AInTc8VmhI3Dyli2/qv7Wl+o26fyJJ3GnPGej80aDvA=";

    fn opened(data: &str, signature: &str) -> Result<ResourceContent, Rejection> {
        let key = std::array::from_fn(|n| u8::try_from(n).unwrap());
        let content = serde_json::json!({
            "data": data, "dataSignature": signature, "dataKey": "", "encryptionCertificateId": "c",
        });
        open(&serde_json::from_value(content).unwrap(), &key)
    }

    #[test]
    fn content_with_its_signature_is_decrypted() {
        let content = opened(DATA, SIGNATURE).unwrap();
        let expected = r#"{"id":"1767225600000","body":{"contentType":"text","content":"héllo"}}"#;
        assert_eq!(content.as_str(), expected);
    }

    #[test]
    fn content_that_was_changed_is_not_decrypted() {
        let changed = DATA.replacen('e', "f", 1);
        for (data, signature) in [
            (DATA, WRONG_SIGNATURE),
            (&changed, SIGNATURE),
            (DATA, ""),
            (DATA, "NZT5MlcDYwzc/WuQ7kfrOw=="),
            (DATA, "not base64!"),
            ("not base64!", SIGNATURE),
            ("", SIGNATURE),
        ] {
            assert_eq!(opened(data, signature), Err(Rejection::DataSignature));
        }
    }
}
