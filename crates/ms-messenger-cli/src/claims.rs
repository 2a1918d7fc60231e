//! Claims of a token. They are not verified and not trusted: they only explain errors.

use std::time::{Duration, SystemTime};

use ms_messenger::auth::unverified_claims;
use serde_json::Value;

/// The claims of a token.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Claims {
    /// Delegated permissions of Entra ID, or scopes of an ACS user.
    pub(crate) scopes: Vec<String>,
    /// Permissions of an application.
    pub(crate) roles: Vec<String>,
    /// The user, in a readable form.
    pub(crate) user: Option<String>,
    /// The application, if no user is named.
    pub(crate) application: Option<String>,
    /// The services it is for.
    pub(crate) audiences: Vec<String>,
    /// Time at which it expires.
    pub(crate) expires_at: Option<SystemTime>,
    /// Whether it acts for an application without a user.
    pub(crate) is_app_only: bool,
    /// Whether ACS Identity issued it, which names a resource instead of an audience.
    pub(crate) is_from_acs: bool,
}

impl Claims {
    /// Reads the claims of a token; `None` for a token that is not a JWT, which is not an error.
    pub(crate) fn read(token: &str) -> Option<Self> {
        let claims: Value = unverified_claims(token)?;
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        let names = [
            "upn",
            "preferred_username",
            "unique_name",
            "name",
            "skypeid",
        ];
        let listed = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let delegated = claims["scp"].as_str();
        let scopes = delegated.or_else(|| claims["acsScope"].as_str());
        let roles = listed(&claims["roles"]);
        let is_app = !roles.is_empty() || claims["idtyp"] == "app";
        Some(Self {
            scopes: scopes
                .unwrap_or_default()
                .split([' ', ','])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            user: names.into_iter().find_map(text),
            application: text("appid").or_else(|| text("azp")),
            audiences: match claims["aud"].as_str() {
                Some(audience) => vec![audience.to_owned()],
                None => listed(&claims["aud"]),
            },
            is_from_acs: claims["acsScope"].is_string(),
            expires_at: claims["exp"].as_f64().and_then(moment),
            is_app_only: is_app && delegated.is_none(),
            roles,
        })
    }
}

fn moment(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_of_users_and_applications_are_read() {
        let claims = r#"{"scp":"ChatMessage.Send User.Read","upn":"a@b.c","exp":1651535310.5}"#;
        let user = Claims::read(&jwt(claims)).unwrap();
        assert_eq!(user.scopes, ["ChatMessage.Send", "User.Read"]);
        assert_eq!(user.user.as_deref(), Some("a@b.c"));
        assert_eq!(user.expires_at, moment(1_651_535_310.5));
        assert!(!user.is_app_only);
        let app = Claims::read(&jwt(r#"{"roles":["Chat.Read.All"]}"#)).unwrap();
        assert!(app.is_app_only);
        assert!(app.audiences.is_empty());
        let several = Claims::read(&jwt(r#"{"aud":["a","b"]}"#)).unwrap();
        assert_eq!(several.audiences, ["a", "b"]);
        let acs = Claims::read(&jwt(r#"{"acsScope":"chat,voip","scp":1792}"#)).unwrap();
        assert_eq!(acs.scopes, ["chat", "voip"]);
        assert_eq!(Claims::read("opaque"), None);
    }

    proptest! {
        #[test]
        fn hostile_tokens_do_not_panic(token in ".*", claims in ".*", exp in any::<f64>()) {
            let _ = Claims::read(&token);
            let _ = Claims::read(&jwt(&claims));
            let _ = Claims::read(&jwt(&format!("{{\"exp\":{exp:e}}}")));
        }
    }
}
