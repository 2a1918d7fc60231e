//! The claims of a JSON Web Token.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;

/// Longer tokens are not read. Those of Entra ID and ACS have a few kilobytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// Reads the claims of `token` without checking its signature.
///
/// Nothing of them is proven, so they must not decide on access. They serve to explain an error,
/// to recognise the signed-in user's own messages, or to schedule a renewal.
///
/// Returns `None` if `token` is not a signed JWT (three parts, at most 64 KiB), if its payload is
/// not a JSON object, or if `T` cannot be read from it. An opaque or encrypted token is `None`.
///
/// ```
/// use ms_messenger_core::auth::unverified_claims;
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     exp: u64,
/// }
///
/// let claims: Claims = unverified_claims("e30.eyJleHAiOjE2NTE1MzUzMTB9.c2ln").unwrap();
/// assert_eq!(claims.exp, 1_651_535_310);
/// assert!(unverified_claims::<Claims>("opaque").is_none());
/// ```
pub fn unverified_claims<T: DeserializeOwned>(token: &str) -> Option<T> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    // serde reads a struct from an array too.
    (json.trim_ascii_start().first() == Some(&b'{')).then_some(())?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Claims {
        exp: f64,
    }

    fn jwt(payload: impl AsRef<[u8]>) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn claims_are_read_with_and_without_padding() {
        let claims = Some(Claims { exp: 12.5 });
        assert_eq!(unverified_claims(&jwt(r#"{"exp":12.5,"x":[]}"#)), claims);
        let padded = format!("e30.{}==.c2ln", URL_SAFE_NO_PAD.encode(r#" {"exp":12.5}"#));
        assert_eq!(unverified_claims(&padded), claims);
    }

    #[test]
    fn what_is_no_signed_token_with_an_object_has_no_claims() {
        for payload in ["", "null", "[1]", "[]", "{", r#"{"exp":1,"exp":2}"#, "{}"] {
            assert_eq!(
                unverified_claims::<Claims>(&jwt(payload)),
                None,
                "{payload}"
            );
        }
        let sound = jwt(r#"{"exp":1}"#);
        for token in [
            "",
            "opaque",
            "a.b",
            "e30.*.e30",
            &sound[..sound.len() - 5],
            &format!("{sound}.a"),
            &format!("{sound}.a.b"),
            &jwt(format!(r#"{{"exp":1,"x":"{}"}}"#, "x".repeat(64 * 1024))),
        ] {
            assert_eq!(unverified_claims::<Claims>(token), None, "{:.40}", token);
        }
    }

    proptest! {
        #[test]
        fn hostile_tokens_are_read_or_have_no_claims(
            text in ".*",
            bytes in proptest::collection::vec(any::<u8>(), 0..256),
            depth in 0_usize..400,
        ) {
            let _ = unverified_claims::<Value>(&text);
            let _ = unverified_claims::<Value>(&format!("{text}.{text}.{text}"));
            let _ = unverified_claims::<Value>(&jwt(bytes));
            let deep = format!(r#"{{"x":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
            let _ = unverified_claims::<Value>(&jwt(deep));
        }
    }
}
