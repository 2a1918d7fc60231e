//! The expiry of a token, as its claim states it.
//!
//! Nothing else of a token is read. Its form is no contract, its signature is not checked, and
//! the time only decides when the next token is requested.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ms_messenger_core::auth::unverified_claims;
use serde::Deserialize;

/// The end of the year 9999 in Unix seconds, the last moment that RFC 3339 can write.
const MAX_SECONDS: f64 = 253_402_300_799.0;

/// The claim `exp` of a JSON Web Token: Unix seconds, which may have a fraction. `None` for
/// anything that is not such a token or has no usable time.
pub(crate) fn of_jwt(token: &str) -> Option<SystemTime> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let Claims { exp } = unverified_claims(token)?;
    if !(1.0..=MAX_SECONDS).contains(&exp) {
        return None;
    }
    UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(exp).ok()?)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_end_of_a_token_is_read_with_and_without_a_fraction() {
        assert_eq!(
            of_jwt(&jwt(r#"{"exp":1651535310}"#)),
            Some(at(1_651_535_310, 0))
        );
        let recorded = of_jwt(&jwt(r#"{"exp":1651535310.998,"skypeid":"acs:x"}"#)).unwrap();
        let whole = recorded.duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(whole, 1_651_535_310);
        let padded = format!("e30.{}=.c2ln", URL_SAFE_NO_PAD.encode(r#"{"exp":12}"#));
        assert_eq!(of_jwt(&padded), Some(at(12, 0)));
    }

    #[test]
    fn what_has_no_usable_end_says_nothing() {
        for payload in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"exp":null}"#,
            r#"{"exp":"1651535310"}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":0}"#,
            r#"{"exp":1e300}"#,
            r#"{"exp":1e999}"#,
            r#"{"exp":253402300800}"#,
            r#"{"exp":1,"exp":2}"#,
        ] {
            assert_eq!(of_jwt(&jwt(payload)), None, "{payload}");
        }
        for token in ["", "opaque", "a.b", "a.b.c", "e30.e30.e30.e30", "e30.*.e30"] {
            assert_eq!(of_jwt(token), None, "{token}");
        }
        let long = jwt(&format!(
            r#"{{"exp":1651535310,"x":"{}"}}"#,
            "x".repeat(64 * 1024)
        ));
        assert_eq!(of_jwt(&long), None);
    }

    proptest! {
        #[test]
        fn hostile_tokens_are_read_or_say_nothing(text in ".*", claims in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = of_jwt(&text);
            let _ = of_jwt(&format!("{text}.{text}.{text}"));
            let _ = of_jwt(&jwt(&claims));
            let _ = of_jwt(&format!("e30.{}.e30", URL_SAFE_NO_PAD.encode(bytes)));
        }

        #[test]
        fn no_number_leaves_the_range(exp in any::<f64>(), nested in 0_usize..400) {
            let deep = format!(r#"{{"x":{}1{},"exp":{exp}}}"#, "[".repeat(nested), "]".repeat(nested));
            if let Some(end) = of_jwt(&jwt(&deep)) {
                prop_assert!(end > UNIX_EPOCH && end <= at(253_402_300_799, 0));
            }
        }
    }
}
