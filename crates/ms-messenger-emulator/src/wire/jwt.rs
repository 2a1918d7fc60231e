//! JSON Web Tokens: the seeded ones, signed HS256 with a well-known key, and their verification.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    /// Not three base64url segments of JSON, or another algorithm than HS256.
    Garbled,
    /// Signed with another key.
    Signature,
    /// `exp` is over, or missing.
    Expired,
}

/// The claims of a verified token. A clone is cheap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claims(Arc<Map<String, Value>>);

impl Claims {
    /// A claim that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The delegated scopes of an Entra token (`scp`, blank separated).
    pub(crate) fn scopes(&self) -> Vec<&str> {
        self.text("scp")
            .map(|scp| scp.split(' ').filter(|s| !s.is_empty()).collect())
            .unwrap_or_default()
    }

    /// The application roles of an Entra token (`roles`).
    pub(crate) fn roles(&self) -> Vec<&str> {
        let roles = self.0.get("roles").and_then(Value::as_array);
        roles.map_or_else(Vec::new, |r| r.iter().filter_map(Value::as_str).collect())
    }

    /// Who holds the token: `8:` + `skypeid` for an ACS user token.
    pub(crate) fn acs_user(&self) -> Option<String> {
        self.text("skypeid").map(|id| format!("8:{id}"))
    }

    /// The scopes of an ACS user token (`acsScope`, comma separated).
    pub(crate) fn acs_scopes(&self) -> Vec<String> {
        let scopes = self.text("acsScope").unwrap_or_default().split(',');
        scopes.map(|scope| scope.trim().to_owned()).collect()
    }

    /// A claim that is a number; 0 when it is absent.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.whole(name).unwrap_or_default()
    }

    /// A claim that is a whole number.
    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Whether the token is over at `now` (Unix seconds), or does not say when.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        // Recorded tokens carry fractional seconds, so `exp` is read as a float.
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

    /// The claims of `token`, when it was signed with this key. It may be over.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, TokenProblem> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenProblem::Garbled)?;
        let (head, body) = signing_input.split_once('.').ok_or(TokenProblem::Garbled)?;
        if decode_object(head)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(TokenProblem::Garbled);
        }
        let claims = Claims(Arc::new(decode_object(body)?));
        let signature = decode(signature)?;
        self.mac(signing_input.as_bytes())
            .and_then(|mac| mac.verify_slice(&signature).ok())
            .ok_or(TokenProblem::Signature)?;
        Ok(claims)
    }

    /// The claims of `token`, when it was signed with this key and is not over at `now` (Unix seconds).
    pub(crate) fn verify(&self, token: &str, now: u64) -> Result<Claims, TokenProblem> {
        let claims = self.read(token)?;
        match claims.is_over(now) {
            true => Err(TokenProblem::Expired),
            false => Ok(claims),
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

fn decode(segment: &str) -> Result<Vec<u8>, TokenProblem> {
    URL_SAFE_NO_PAD
        .decode(segment)
        .map_err(|_| TokenProblem::Garbled)
}

fn decode_object(segment: &str) -> Result<Map<String, Value>, TokenProblem> {
    serde_json::from_slice(&decode(segment)?).map_err(|_| TokenProblem::Garbled)
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
        assert_eq!(key().verify(&token, 100), Err(TokenProblem::Expired));
    }

    #[test]
    fn another_key_or_algorithm_is_refused() {
        let token = TokenKey::new([8; 32]).sign(&json!({"exp": 100}));
        assert_eq!(key().verify(&token, 0), Err(TokenProblem::Signature));
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let body = URL_SAFE_NO_PAD.encode(r#"{"exp":100}"#);
        let unsigned = format!("{none}.{body}.");
        assert_eq!(key().verify(&unsigned, 0), Err(TokenProblem::Garbled));
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
