//! JSON Web Tokens: the seeded ones, signed HS256 with a well-known key, and their verification.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// Error returned when a bearer token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyTokenError {
    /// Not three base64url segments of JSON, or another algorithm than HS256.
    #[error("the token is not a JWT signed with HS256")]
    Garbled,
    /// Signed with another key.
    #[error("the token is signed with another key")]
    Signature,
    /// `exp` has passed or is missing, or a fault ended the token.
    #[error("the token has expired")]
    Expired,
}

/// The claims of a verified token. A clone is cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Arc<Map<String, Value>>);

impl Claims {
    /// Returns a claim that is a string.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns the delegated scopes of an Entra token (`scp`, separated by blanks).
    pub fn scopes(&self) -> Vec<&str> {
        self.text("scp")
            .map(|scp| scp.split(' ').filter(|s| !s.is_empty()).collect())
            .unwrap_or_default()
    }

    /// The application roles of an Entra token (`roles`).
    pub(crate) fn roles(&self) -> Vec<&str> {
        let roles = self.0.get("roles").and_then(Value::as_array);
        roles.map_or_else(Vec::new, |r| r.iter().filter_map(Value::as_str).collect())
    }

    /// A claim that is a number; 0 when it is absent.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.whole(name).unwrap_or_default()
    }

    /// Returns a claim that is a whole number.
    pub fn whole(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Whether the token has expired at `now` (Unix seconds), or has no `exp`.
    pub(crate) fn has_expired(&self, now: u64) -> bool {
        // Recorded tokens have fractional seconds, so `exp` is read as a float.
        let expires = self.0.get("exp").and_then(Value::as_f64);
        expires.is_none_or(|exp| exp <= now as f64)
    }
}

/// Signs and verifies the tokens of one seeded world.
#[derive(Clone)]
pub(crate) struct TokenKey([u8; 32]);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

impl TokenKey {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A compact JWS of `claims`.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "HS256", "kid": "ms-messenger-emulator", "typ": "JWT"});
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signing_input = format!("{head}.{body}");
        let signature = self
            .mac(signing_input.as_bytes())
            .map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
            .unwrap_or_default();
        format!("{signing_input}.{signature}")
    }

    /// The claims of `token`, when it was signed with this key. It may have expired.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, VerifyTokenError> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(VerifyTokenError::Garbled)?;
        let (head, body) = signing_input
            .split_once('.')
            .ok_or(VerifyTokenError::Garbled)?;
        if decode_object(head)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(VerifyTokenError::Garbled);
        }
        let claims = Claims(Arc::new(decode_object(body)?));
        let signature = decode(signature)?;
        self.mac(signing_input.as_bytes())
            .and_then(|mac| mac.verify_slice(&signature).ok())
            .ok_or(VerifyTokenError::Signature)?;
        Ok(claims)
    }

    /// The claims of `token`, when it was signed with this key and has not expired at `now` (Unix seconds).
    pub(crate) fn verify(&self, token: &str, now: u64) -> Result<Claims, VerifyTokenError> {
        let claims = self.read(token)?;
        if claims.has_expired(now) {
            Err(VerifyTokenError::Expired)
        } else {
            Ok(claims)
        }
    }

    /// The key as a JSON Web Key. It is no secret: it follows from the seed.
    pub(crate) fn to_jwk(&self) -> Value {
        json!({
            "kty": "oct",
            "use": "sig",
            "alg": "HS256",
            "kid": "ms-messenger-emulator",
            "k": URL_SAFE_NO_PAD.encode(self.0),
        })
    }

    fn mac(&self, input: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(input);
        Some(mac)
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, VerifyTokenError> {
    URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| VerifyTokenError::Garbled)
}

fn decode_object(segment: &str) -> Result<Map<String, Value>, VerifyTokenError> {
    serde_json::from_slice(&decode(segment)?).map_err(|_| VerifyTokenError::Garbled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TokenKey {
        TokenKey::new([7; 32])
    }

    #[test]
    fn a_signed_token_verifies_until_it_expires() {
        let token = key().sign(&json!({"exp": 100, "scp": "A B"}));
        assert_eq!(key().verify(&token, 99).unwrap().scopes(), ["A", "B"]);
        assert_eq!(key().verify(&token, 100), Err(VerifyTokenError::Expired));
    }

    #[test]
    fn another_key_or_algorithm_is_refused() {
        let token = TokenKey::new([8; 32]).sign(&json!({"exp": 100}));
        assert_eq!(key().verify(&token, 0), Err(VerifyTokenError::Signature));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let body = URL_SAFE_NO_PAD.encode(r#"{"exp":100}"#);
        let unsigned = format!("{none}.{body}.");
        assert_eq!(key().verify(&unsigned, 0), Err(VerifyTokenError::Garbled));
    }

    #[test]
    fn a_fractional_expiry_is_understood() {
        let token = key().sign(&json!({"exp": 100.5}));
        assert!(key().verify(&token, 100).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn hostile_tokens_are_refused_without_a_panic(token in ".{0,120}") {
            proptest::prop_assert!(key().verify(&token, 0).is_err());
        }
    }
}
