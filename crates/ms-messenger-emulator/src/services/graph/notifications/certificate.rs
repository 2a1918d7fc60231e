//! The certificate of a receiver, and what is encrypted for it.

use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::{pki_types::CertificateDer, server::ParsedCertificate};
use uuid::Uuid;

use crate::wire::rsa::PublicKey;

/// The largest certificate, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// The certificate of a receiver.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    key: PublicKey,
    /// The SHA-1 of the certificate in hexadecimal digits.
    thumbprint: String,
    /// As the app sent it.
    pub(crate) text: String,
    pub(crate) id: String,
}

impl Certificate {
    /// Reads an X.509 certificate in Base64. The error is the rule that it breaks.
    pub(crate) fn parse(text: &str, id: &str) -> Result<Self, &'static str> {
        let der = STANDARD
            .decode(text)
            .ok()
            .filter(|der| der.len() <= MAX_BYTES);
        let der = CertificateDer::from(der.ok_or("must be an X.509 certificate in Base64")?);
        let parsed = ParsedCertificate::try_from(&der);
        let parsed = parsed.map_err(|_| "must be an X.509 certificate in Base64")?;
        let info = parsed.subject_public_key_info();
        let key = PublicKey::from_spki(&info);
        Ok(Self {
            key: key.ok_or("must have an RSA key of 2048 to 4096 bits")?,
            thumbprint: hex(&Sha1::digest(&der)),
            text: text.to_owned(),
            id: id.to_owned(),
        })
    }

    /// `encryptedContent` with a fresh key; `has_bad_signature` makes the signature one of the Base64 text.
    pub(crate) fn encrypt(&self, content: &[u8], has_bad_signature: bool) -> Value {
        let key: [u8; 32] = random().into();
        let mut iv = [0; 16];
        iv.copy_from_slice(&key[..16]);
        let cipher = Encryptor::<Aes256>::new(&key.into(), &iv.into());
        let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(content);
        let data = STANDARD.encode(&encrypted);
        let signed = if has_bad_signature {
            data.as_bytes()
        } else {
            &encrypted
        };
        let mut seed = [0; 20];
        seed.copy_from_slice(&random()[..20]);
        json!({
            "data": data,
            "dataSignature": STANDARD.encode(sign(&key, signed)),
            "dataKey": STANDARD.encode(self.key.seal(&key, seed)),
            "encryptionCertificateId": self.id,
            "encryptionCertificateThumbprint": self.thumbprint,
        })
    }
}

fn sign(key: &[u8; 32], content: &[u8]) -> Vec<u8> {
    // A key of any length is accepted.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(content);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// 32 random bytes.
fn random() -> sha2::digest::Output<Sha256> {
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    Sha256::digest([*one.as_bytes(), *two.as_bytes()].concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn hostile_certificates_are_refused_without_a_panic(der in proptest::collection::vec(0_u8.., 0..300)) {
            proptest::prop_assert!(Certificate::parse(&STANDARD.encode(der), "id").is_err());
        }
    }
}
