//! Web tickets, one per host: request the challenge, then the ticket at the token endpoint it
//! names.
//!
//! ```text
//! POST /WebTicket/oauthtoken
//! grant_type=password&username=CONTOSO%5Cbot&password=…
//!
//! 200 {"access_token": "cwt=AAEBHAEFAAA…", "expires_in": 28289, "token_type": "Bearer"}
//! 400 {"error": "invalid_grant"}
//! ```
//!
//! Any rejection except `server_error` is final for the credential: the same password is never sent
//! again, because a few failures lock the account.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest};
use ms_messenger_http::{Call, HeaderValue};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    challenge::Challenge,
    credential::{Kind, UcwaCredential},
    error::{PLATFORM, config},
    operations::{CHALLENGE_GET, TICKET_ISSUE},
    web::{Address, Web},
    words::{CODE, WORDS, line},
};

const PASSWORD: &str = "password";
const ANONYMOUS: &str = "urn:microsoft.rtc:anonmeeting";
const WINDOWS: &str = "urn:microsoft.rtc:windows";
const FORM: HeaderValue =
    HeaderValue::from_static("application/x-www-form-urlencoded;charset=UTF-8");

/// The path at which each host is challenged: the first that was requested there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Challenged(Arc<Mutex<HashMap<String, String>>>);

impl Challenged {
    pub(crate) fn remember(&self, address: &Address) {
        let mut paths = lock(&self.0);
        if !paths.contains_key(&address.origin) {
            paths.insert(address.origin.clone(), address.path.clone());
        }
    }

    fn path(&self, origin: &str) -> String {
        let path = lock(&self.0).get(origin).cloned();
        path.unwrap_or_else(|| "/".to_owned())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Issues web tickets. The only scope of a request is the origin of a host.
pub(crate) struct TicketIssuer {
    web: Web,
    credential: UcwaCredential,
    challenged: Challenged,
    /// Set for good once the credential was rejected, with the code of the server: a retry would
    /// lock the account.
    refused: Mutex<Option<String>>,
    /// The last ticket of a guest, by host: renewal with it keeps the identity.
    guests: Mutex<HashMap<String, AccessToken>>,
}

impl TicketIssuer {
    pub(crate) fn new(web: Web, credential: UcwaCredential, challenged: Challenged) -> Self {
        Self {
            web,
            credential,
            challenged,
            refused: Mutex::default(),
            guests: Mutex::default(),
        }
    }

    async fn challenge(&self, origin: &str) -> Result<Challenge> {
        let path = self.challenged.path(origin);
        // A 2xx is unexpected, but the token endpoint has a well-known path.
        let call = Call::of(&CHALLENGE_GET, path).with_expected(&[401, 403, 404, 405]);
        let response = self.web.open(origin)?.call(call).await?;
        Ok(Challenge::read(response.headers("www-authenticate")))
    }

    async fn issue(&self, origin: &str) -> Result<AccessToken> {
        let challenge = self.challenge(origin).await?;
        let endpoint = match &challenge.token_endpoint {
            Some(href) => href.clone(),
            None => format!("{origin}/WebTicket/oauthtoken"),
        };
        if let Kind::Integrated(sign_in) = self.credential.kind() {
            is_offered(&challenge, WINDOWS)?;
            // That address receives the credentials of Windows: the same rule as for ours.
            self.web.address(&endpoint)?;
            return sign_in.ticket(&endpoint).await;
        }
        // With the old ticket a guest keeps the identity that owns the application.
        let renewed = lock(&self.guests).get(origin).cloned();
        let (grant, form) = self.form(renewed.as_ref())?;
        is_offered(&challenge, grant)?;
        self.ask(&endpoint, form).await.inspect_err(|error| {
            if is_refusal(error) {
                *lock(&self.refused) = Some(error.code().unwrap_or("refused").to_owned());
            }
        })
    }

    /// Returns the grant, and the form that requests a ticket with it.
    fn form(&self, renewed: Option<&AccessToken>) -> Result<(&'static str, String)> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let grant = match self.credential.kind() {
            Kind::Password { username, password } => {
                form.append_pair("grant_type", PASSWORD)
                    .append_pair("username", username)
                    .append_pair("password", password.expose_secret());
                PASSWORD
            }
            Kind::AnonymousMeeting {
                conference_key,
                conference_uri,
            } => {
                form.append_pair("grant_type", ANONYMOUS)
                    .append_pair("password", conference_key.expose_secret())
                    .append_pair("ms_rtc_conferenceuri", conference_uri);
                if let Some(last) = renewed {
                    form.append_pair("ms_rtc_renew", last.secret());
                }
                ANONYMOUS
            }
            _ => return Err(config("this credential needs no form")),
        };
        Ok((grant, form.finish()))
    }

    async fn ask(&self, endpoint: &str, form: String) -> Result<AccessToken> {
        let address = self.web.address(endpoint)?;
        let call = Call::of(&TICKET_ISSUE, address.path)
            .with_body(FORM, form)
            .with_expected(&[400]);
        let response = self.web.open(&address.origin)?.call(call).await?;
        if response.status() == 400 {
            return Err(refusal(
                response.body(),
                response.header("x-ms-diagnostics"),
            ));
        }
        let ticket: WebTicket = response.json()?;
        let token = AccessToken::new(ticket.access_token);
        Ok(match seconds(ticket.expires_in) {
            Some(life) => token.with_expires_at(SystemTime::now() + life),
            None => token,
        })
    }

    /// Requests a token of Entra ID for the host that is called.
    async fn entra(
        provider: &dyn TokenProvider,
        origin: &str,
        request: &TokenRequest<'_>,
    ) -> Result<AccessToken> {
        let scope = format!("{origin}/.default");
        let scopes = [scope.as_str()];
        let mut for_host = TokenRequest::new(&scopes);
        for_host.claims = request.claims;
        for_host.rejected = request.rejected;
        provider.token(&for_host).await
    }
}

const REFUSED: &str = "the user name or password is wrong, or the password has expired; \
                       it is not tried again, so that the account is not locked";

#[async_trait]
impl TokenProvider for TicketIssuer {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let [origin] = request.scopes else {
            return Err(config("a ticket is for one host"));
        };
        if let Kind::Token(provider) = self.credential.kind() {
            return Self::entra(provider.as_ref(), origin, request).await;
        }
        if let Some(code) = lock(&self.refused).clone() {
            return Err(Error::new(ErrorKind::Unauthenticated, REFUSED)
                .with_platform(PLATFORM)
                .with_code(code));
        }
        let ticket = self.issue(origin).await?;
        if matches!(self.credential.kind(), Kind::AnonymousMeeting { .. }) {
            lock(&self.guests).insert((*origin).to_owned(), ticket.clone());
        }
        Ok(ticket)
    }
}

/// Whether the token endpoint rejected this credential: by any 400 except its own failure, by 401
/// or by 403.
fn is_refusal(error: &Error) -> bool {
    match error.status() {
        Some(400) => error.kind() != ErrorKind::Service,
        Some(401 | 403) => true,
        _ => false,
    }
}

/// Returns the error of a 400 of the token endpoint. Only `server_error` may be temporary.
fn refusal(body: &[u8], diagnostics: Option<&str>) -> Error {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let (kind, message) = match refusal.error.as_str() {
        "invalid_grant" if refusal.ms_rtc_passiveauthuri.is_none() => {
            (ErrorKind::Unauthenticated, REFUSED)
        }
        "invalid_grant" => (
            ErrorKind::Unsupported,
            "the server wants a sign-in by browser, which this crate does not do",
        ),
        "unsupported_grant_type" => (
            ErrorKind::Unsupported,
            "the server does not offer this way to sign in",
        ),
        "server_error" => (ErrorKind::Service, "the token endpoint failed"),
        _ => (
            ErrorKind::Unauthenticated,
            "the token endpoint refused the request; the credential is not sent again",
        ),
    };
    let mut error = Error::new(kind, message)
        .with_platform(PLATFORM)
        .with_status(400);
    if !refusal.error.is_empty() {
        error = error.with_code(line(&refusal.error, CODE));
    }
    match diagnostics.map(|said| line(said, WORDS)) {
        Some(said) => error.with_source(said),
        None => error,
    }
}

/// Fails if the server lists its grants without this one. Without a list, the server decides.
fn is_offered(challenge: &Challenge, grant: &str) -> Result<()> {
    if challenge.grants.is_empty() || challenge.grants.iter().any(|offered| offered == grant) {
        return Ok(());
    }
    let offered = line(&challenge.grants.join(", "), WORDS);
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the server does not offer the grant {grant}, only {offered}"),
    )
    .with_platform(PLATFORM))
}

#[derive(Deserialize)]
struct WebTicket {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
}

#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    ms_rtc_passiveauthuri: Option<String>,
}

/// Reads seconds from a number or a text.
fn seconds(value: Value) -> Option<Duration> {
    let seconds = match &value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // Zero is invalid; so is more than ten years, which could overflow a time.
    (1..315_360_000)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

impl fmt::Debug for TicketIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketIssuer")
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_read_as_numbers_and_texts() {
        assert_eq!(seconds(28_289.into()), Some(Duration::from_secs(28_289)));
        assert_eq!(seconds("3600".into()), Some(Duration::from_secs(3600)));
        for value in [
            Value::Null,
            "<n>".into(),
            0.into(),
            (-1).into(),
            u64::MAX.into(),
            1e300.into(),
        ] {
            assert_eq!(seconds(value), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_lifetime_can_be_added_to_the_time(n: i64, text in ".*") {
            for value in [Value::from(n), n.to_string().into(), text.into()] {
                if let Some(life) = seconds(value) {
                    let _ = SystemTime::now() + life;
                }
            }
        }
    }

    #[test]
    fn every_rejection_of_the_token_endpoint_is_final() {
        for (body, counts) in [
            (r#"{"error":"invalid_grant"}"#, true),
            (r#"{"error":"invalid_request"}"#, true),
            (r#"{"error":"invalid_scope"}"#, true),
            (r#"{"error":"unsupported_grant_type"}"#, true),
            (r#"{"error":"new"}"#, true),
            (r#"{"error":"server_error"}"#, false),
            ("<html>", true),
            ("", true),
        ] {
            let error = refusal(body.as_bytes(), None);
            assert_eq!(is_refusal(&error), counts, "{body}");
        }
        let forged = "x\r\nERROR ".repeat(1000);
        let body = serde_json::json!({"error": forged}).to_string();
        let error = refusal(body.as_bytes(), Some(&forged));
        let shown = format!("{error} {error:?}");
        assert!(
            shown.len() < 2000 && !shown.contains(['\r', '\n']),
            "{shown}"
        );
    }

    #[test]
    fn a_grant_that_is_not_offered_is_refused_before_the_password_is_sent() {
        let challenge = Challenge {
            grants: vec![WINDOWS.into()],
            ..Challenge::default()
        };
        let error = is_offered(&challenge, PASSWORD).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(WINDOWS));
        assert!(is_offered(&Challenge::default(), PASSWORD).is_ok());
    }
}
