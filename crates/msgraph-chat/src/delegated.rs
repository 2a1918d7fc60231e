//! Sending is for users: a token of an application without a user is rejected before any I/O.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest, auth::unverified_claims,
};
use serde::Deserialize;

/// Accepts delegated tokens, and those that cannot be read.
pub(crate) struct DelegatedOnly {
    inner: Arc<dyn TokenProvider>,
    /// The last token that was accepted, so that each is read once.
    accepted: Mutex<Option<AccessToken>>,
}

impl DelegatedOnly {
    pub(crate) fn new(inner: Arc<dyn TokenProvider>) -> Self {
        Self {
            inner,
            accepted: Mutex::default(),
        }
    }
}

impl fmt::Debug for DelegatedOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DelegatedOnly").field(&self.inner).finish()
    }
}

/// Why an application without a user cannot send.
pub(crate) const APP_ONLY: &str = "the token is one of an application without a user (it has roles and no \
    scp), and Graph sends messages for users only: sign a user in with ChannelMessage.Send or \
    ChatMessage.Send";

impl DelegatedOnly {
    fn accept(&self, token: AccessToken) -> Result<AccessToken> {
        let mut accepted = self.accepted.lock().unwrap_or_else(PoisonError::into_inner);
        if accepted.as_ref() != Some(&token) {
            if is_app_only(token.secret()) {
                return Err(Error::new(ErrorKind::PermissionDenied, APP_ONLY));
            }
            *accepted = Some(token.clone());
        }
        Ok(token)
    }
}

#[async_trait]
impl TokenProvider for DelegatedOnly {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        self.accept(self.inner.token(request).await?)
    }

    fn cached_token(&self, request: &TokenRequest<'_>) -> Result<Option<AccessToken>> {
        let token = self.inner.cached_token(request)?;
        token.map(|token| self.accept(token)).transpose()
    }

    fn is_cached(&self) -> bool {
        self.inner.is_cached()
    }
}

/// The claims that distinguish an application from a user. They are not trusted; a token that is
/// no JWT, or an encrypted one, has none.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    scp: Option<serde_json::Value>,
    #[serde(default)]
    roles: Option<serde_json::Value>,
    #[serde(default)]
    idtyp: Option<serde_json::Value>,
    #[serde(default)]
    oid: Option<serde_json::Value>,
    #[serde(default)]
    exp: Option<serde_json::Value>,
}

/// The id of the user that a token names. Not trusted: it only distinguishes own messages.
pub(crate) fn own_user(token: &str) -> Option<String> {
    let Claims { oid, .. } = unverified_claims(token)?;
    let id = oid?;
    id.as_str().map(str::to_owned)
}

/// The time at which a token expires. Not trusted: the service has the last word.
pub(crate) fn expiry(token: &str) -> Option<SystemTime> {
    let Claims { exp, .. } = unverified_claims(token)?;
    let seconds = exp?.as_f64()?;
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

fn is_app_only(token: &str) -> bool {
    match unverified_claims(token) {
        None | Some(Claims { scp: Some(_), .. }) => false,
        Some(Claims { roles, idtyp, .. }) => {
            roles.is_some() || idtyp.as_ref().and_then(|v| v.as_str()) == Some("app")
        }
    }
}

#[cfg(fuzzing)]
pub(crate) fn look_into(token: &str) {
    let _ = (is_app_only(token), own_user(token), expiry(token));
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
    fn an_application_is_distinguished_from_a_user() {
        assert!(is_app_only(&jwt(r#"{"roles":["Teamwork.Migrate.All"]}"#)));
        assert!(is_app_only(&jwt(r#"{"idtyp":"app"}"#)));
        for token in [
            jwt(r#"{"scp":"ChatMessage.Send"}"#),
            jwt(r#"{"scp":"ChatMessage.Send","roles":["x"]}"#),
            jwt("{}"),
            jwt("not json"),
            "opaque".into(),
            "a.b.c".into(),
            String::new(),
        ] {
            assert!(!is_app_only(&token), "{token}");
        }
    }

    #[test]
    fn an_expiry_that_is_no_time_is_none() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(expiry(&jwt(r#"{"exp":1651535310}"#)), at(1_651_535_310));
        for exp in ["-1", "1e300", "\"soon\"", "null"] {
            assert_eq!(expiry(&jwt(&format!(r#"{{"exp":{exp}}}"#))), None, "{exp}");
        }
        assert_eq!(expiry("opaque"), None);
    }

    proptest! {
        #[test]
        fn hostile_tokens_do_no_harm(token in ".*", claims in ".*") {
            let _ = is_app_only(&token);
            let _ = is_app_only(&jwt(&claims));
            let _ = (expiry(&token), expiry(&jwt(&claims)));
        }
    }
}
