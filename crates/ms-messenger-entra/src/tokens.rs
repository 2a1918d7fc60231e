//! Success responses of the token endpoint.

use std::{fmt, time::SystemTime};

use ms_messenger_core::{AccessToken, Result, auth::unverified_claims};
use oauth2::{ExtraTokenFields, StandardTokenResponse, TokenResponse as _, basic::BasicTokenType};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::malformed::malformed;

/// A success of the token endpoint.
pub(crate) type TokenResponse = StandardTokenResponse<More, BasicTokenType>;

/// The members that Entra ID adds to RFC 6749.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct More {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

impl ExtraTokenFields for More {}

impl fmt::Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("More").finish_non_exhaustive()
    }
}

/// The tokens of one response, and the user they belong to.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access: AccessToken,
    pub(crate) refresh: Option<SecretString>,
    /// The user principal name, if the id token contains it.
    pub(crate) user: Option<String>,
    /// The object id of the user, likewise.
    pub(crate) user_id: Option<String>,
}

impl Tokens {
    pub(crate) fn of(response: &TokenResponse) -> Result<Self> {
        let secret = response.access_token().secret();
        if *response.token_type() != BasicTokenType::Bearer || secret.is_empty() {
            return Err(malformed());
        }
        let mut access = AccessToken::new(secret.as_str());
        access.check()?;
        if let Some(end) = response
            .expires_in()
            .and_then(|life| SystemTime::now().checked_add(life))
        {
            access = access.with_expires_at(end);
        }
        let refresh = response.refresh_token().map(|it| it.secret().as_str());
        let id_token = response.extra_fields().id_token.as_deref();
        let identity = id_token.and_then(Identity::read).unwrap_or_default();
        Ok(Self {
            access,
            refresh: refresh.filter(|it| !it.is_empty()).map(SecretString::from),
            user: identity.preferred_username,
            user_id: identity.oid,
        })
    }
}

/// The user in an id token. For display only. The token came from the token endpoint itself, so
/// its signature is not checked (OpenID Connect Core 3.1.3.7).
#[derive(Default, Deserialize)]
struct Identity {
    preferred_username: Option<String>,
    oid: Option<String>,
}

impl Identity {
    fn read(token: &str) -> Option<Self> {
        let identity: Self = unverified_claims(token)?;
        // They are displayed and become part of addresses.
        let is_plain = |text: &String| text.len() <= 1000 && !text.contains(char::is_control);
        Some(Self {
            preferred_username: identity.preferred_username.filter(is_plain),
            oid: identity.oid.filter(is_plain),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            ".{0,30}".prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            Just(Value::Null),
            Just(json!({})),
        ]
    }

    proptest! {
        #[test]
        fn any_response_yields_tokens_valid_in_a_header_or_an_error_without_them(
            access in prop_oneof![3 => "hunter2.{0,20}".prop_map(Value::from), 1 => any_value()],
            token_type in prop_oneof![4 => Just(json!("Bearer")), 1 => any_value()],
            (expires_in, ext_expires_in) in (any_value(), any_value()),
            (refresh, id_token) in (any_value(), any_value()),
        ) {
            let body = json!({"access_token": access, "token_type": token_type,
                "expires_in": expires_in, "ext_expires_in": ext_expires_in,
                "refresh_token": refresh, "id_token": id_token});
            let Ok(response) = serde_json::from_value::<TokenResponse>(body) else {
                return Ok(());
            };
            match Tokens::of(&response) {
                Ok(tokens) => {
                    prop_assert!(tokens.access.check().is_ok());
                    let text = format!("{tokens:?}");
                    prop_assert!(!text.contains("hunter2"), "{}", text);
                }
                Err(error) => {
                    let text = format!("{error} {error:?}");
                    prop_assert!(!text.contains("hunter2"), "{}", text);
                }
            }
        }

        #[test]
        fn any_text_is_read_without_panic(token in ".{0,200}", claims in ".{0,200}") {
            let _ = Identity::read(&token);
            let _ = read(&claims);
        }
    }

    fn read(claims: &str) -> Option<Identity> {
        Identity::read(&format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn the_user_is_read() {
        let user = read(r#"{"preferred_username":"alice@contoso.com","oid":"o-1","x":[]}"#);
        let user = user.unwrap();
        assert_eq!(
            user.preferred_username.as_deref(),
            Some("alice@contoso.com")
        );
        assert_eq!(user.oid.as_deref(), Some("o-1"));
    }

    #[test]
    fn an_invalid_id_token_has_no_identity() {
        for hostile in ["", "a", "..", "a.!.c", "e30.W10.c", "e30.eyJvaWQiOjF9.c"] {
            assert!(Identity::read(hostile).is_none(), "{hostile}");
        }
        for claims in ["", "[]", "[\"a\",\"b\"]", "null", "{\"oid\":1}", "{"] {
            assert!(read(claims).is_none(), "{claims}");
        }
        let control = read("{\"oid\":\"a\\u0000\",\"preferred_username\":\"a\\nb\"}").unwrap();
        assert_eq!((control.oid, control.preferred_username), (None, None));
    }
}
