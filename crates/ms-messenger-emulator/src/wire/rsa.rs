//! RSA as far as the services need it: signatures of tokens, and keys that are sealed for a receiver.
//!
//! The private key is a well-known constant, as all keys here, so that nothing of this need be
//! constant in time.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::wire::der::{BIT_STRING, Der, INTEGER, SEQUENCE};

/// The name of the key in tokens and key sets.
const KEY_ID: &str = "ms-messenger-emulator-rsa";
/// `DigestInfo` of a SHA-256 hash, up to the hash.
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// The object identifier `rsaEncryption`, with its tag.
const RSA_ENCRYPTION: [u8; 11] = [
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
];
const EXPONENT: u32 = 65_537;

/// The key that signs the tokens by which receivers know their callers.
static SIGNER: LazyLock<Option<PrivateKey>> = LazyLock::new(PrivateKey::well_known);

struct PrivateKey {
    modulus: BigUint,
    p: BigUint,
    q: BigUint,
    exponent_p: BigUint,
    exponent_q: BigUint,
    coefficient: BigUint,
}

impl PrivateKey {
    fn well_known() -> Option<Self> {
        let mut numbers = include_str!("rsa/well_known.hex").lines().map(|line| {
            let line = line.trim();
            BigUint::parse_bytes(line.as_bytes(), 16)
        });
        let mut next = || numbers.next().flatten();
        Some(Self {
            modulus: next()?,
            p: next()?,
            q: next()?,
            exponent_p: next()?,
            exponent_q: next()?,
            coefficient: next()?,
        })
    }

    /// The private operation, by the Chinese remainder theorem.
    fn apply(&self, number: &BigUint) -> BigUint {
        let of_p = number.modpow(&self.exponent_p, &self.p);
        let of_q = number.modpow(&self.exponent_q, &self.q);
        // The difference modulo p, which must not become negative.
        let difference = of_p + &self.p - &of_q % &self.p;
        of_q + &self.q * (difference * &self.coefficient % &self.p)
    }
}

/// A compact JWS of `claims` by RS256; empty only without the constant key.
pub(crate) fn sign(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"});
    let head = URL_SAFE_NO_PAD.encode(header.to_string());
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let input = format!("{head}.{body}");
    let Some(key) = &*SIGNER else {
        return String::new();
    };
    let size = bytes_of(&key.modulus);
    let hash = Sha256::digest(input.as_bytes());
    let mut block = vec![0xff; size];
    let tail = SHA256_INFO.len() + hash.len();
    block[..2].copy_from_slice(&[0, 1]);
    block[size - tail - 1] = 0;
    block[size - tail..size - hash.len()].copy_from_slice(&SHA256_INFO);
    block[size - hash.len()..].copy_from_slice(&hash);
    let signature = key.apply(&BigUint::from_bytes_be(&block));
    let signature = URL_SAFE_NO_PAD.encode(padded(&signature, size));
    format!("{input}.{signature}")
}

/// The public half of the signing key as a JSON Web Key.
pub(crate) fn to_jwk() -> Value {
    let modulus = SIGNER.as_ref().map(|key| key.modulus.to_bytes_be());
    json!({
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(modulus.unwrap_or_default()),
        "e": URL_SAFE_NO_PAD.encode(EXPONENT.to_be_bytes().split_at(1).1),
    })
}

/// A public key that secrets are sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` of an RSA key with 2048 to 4096 bits.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        let mut info = Der(Der(der).take(SEQUENCE)?);
        let algorithm = info.take(SEQUENCE)?;
        if !algorithm.starts_with(&RSA_ENCRYPTION) {
            return None;
        }
        let (unused, key) = info.take(BIT_STRING)?.split_first()?;
        if *unused != 0 {
            return None;
        }
        let mut key = Der(Der(key).take(SEQUENCE)?);
        let modulus = BigUint::from_bytes_be(key.take(INTEGER)?);
        let exponent = BigUint::from_bytes_be(key.take(INTEGER)?);
        let is_sound = (2048..=4096).contains(&modulus.bits())
            && modulus.bit(0)
            && exponent.bit(0)
            && (2..=64).contains(&exponent.bits());
        is_sound.then_some(Self { modulus, exponent })
    }

    /// Seals a short secret by RSA-OAEP with SHA-1 and an empty label; `seed` must be random.
    pub(crate) fn seal(&self, secret: &[u8], seed: [u8; 20]) -> Vec<u8> {
        let size = bytes_of(&self.modulus);
        let mut data = Sha1::digest(b"").to_vec();
        data.resize(size - 20 - 2 - secret.len(), 0);
        data.push(1);
        data.extend_from_slice(secret);
        mask(&mut data, &seed);
        let mut masked_seed = seed;
        mask(&mut masked_seed, &data);
        let block = [&[0][..], &masked_seed, &data].concat();
        let sealed = BigUint::from_bytes_be(&block).modpow(&self.exponent, &self.modulus);
        padded(&sealed, size)
    }
}

/// MGF1 with SHA-1, added to `data`.
fn mask(data: &mut [u8], seed: &[u8]) {
    for (counter, chunk) in (0_u32..).zip(data.chunks_mut(20)) {
        let mut hash = Sha1::new();
        hash.update(seed);
        hash.update(counter.to_be_bytes());
        for (byte, mask) in chunk.iter_mut().zip(hash.finalize()) {
            *byte ^= mask;
        }
    }
}

fn bytes_of(modulus: &BigUint) -> usize {
    usize::try_from(modulus.bits().div_ceil(8)).unwrap_or_default()
}

/// The number in so many bytes.
fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; size.saturating_sub(bytes.len())];
    padded.extend(bytes);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_keys_are_refused_without_a_panic() {
        for der in [&[][..], &[0x30], &[0x30, 0x82, 0xff, 0xff], &[0x30, 0x80]] {
            assert_eq!(PublicKey::from_spki(der), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_are_no_key(der in proptest::collection::vec(0_u8.., 0..400)) {
            proptest::prop_assert_eq!(PublicKey::from_spki(&der), None);
        }
    }
}
