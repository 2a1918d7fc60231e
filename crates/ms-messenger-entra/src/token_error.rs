//! What the token endpoint answers when it gives no token.

use std::{fmt, time::Duration};

use ms_messenger_core::{Delivery, Error, ErrorKind, open_enum};
use ms_messenger_http::one_line;
use serde::Deserialize;

mod clean;
mod policy;

use clean::without;
pub use policy::SignInPolicy;

/// The most AADSTS numbers that are believed.
const MOST_CODES: usize = 16;

open_enum! {
    /// The member `error` of an error of Entra ID. Branch on it, never on the AADSTS text.
    pub enum TokenErrorCode {
        /// The user has not finished signing in.
        AuthorizationPending = "authorization_pending",
        /// Poll less often.
        SlowDown = "slow_down",
        /// The user said no; Entra's word for `access_denied`.
        AuthorizationDeclined = "authorization_declined",
        /// The user or an administrator said no.
        AccessDenied = "access_denied",
        /// The device code is none.
        BadVerificationCode = "bad_verification_code",
        /// The device code has expired.
        ExpiredToken = "expired_token",
        /// A parameter is missing or wrong.
        InvalidRequest = "invalid_request",
        /// A code or refresh token that is expired, used or revoked.
        InvalidGrant = "invalid_grant",
        /// The application may not use this flow.
        UnauthorizedClient = "unauthorized_client",
        /// The secret or assertion of the application is wrong or missing.
        InvalidClient = "invalid_client",
        /// The flow is not supported.
        UnsupportedGrantType = "unsupported_grant_type",
        /// The resource does not exist in the tenant.
        InvalidResource = "invalid_resource",
        /// A scope is wrong.
        InvalidScope = "invalid_scope",
        /// The user must do something, such as a second factor.
        InteractionRequired = "interaction_required",
        /// The user must consent.
        ConsentRequired = "consent_required",
        /// The user must sign in.
        LoginRequired = "login_required",
        /// Too busy.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// A failure of the service.
        ServerError = "server_error",
    }
}

/// An error of the token endpoint: the `source` of the [`Error`] that a provider answers.
///
/// Foreign text in it is one line of at most 1000 characters, and the secrets of the request
/// are cut out should the response repeat them.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenError {
    /// What to branch on.
    pub error: TokenErrorCode,
    /// A finer cause, e.g. `consent_required`, if the service names one.
    pub suberror: Option<String>,
    /// Claims, as JSON, that an interactive sign-in must satisfy.
    pub claims: Option<String>,
    /// The text of the service, `AADSTS…`; for people.
    pub description: String,
    /// The numbers of the AADSTS text, e.g. 53003; see [`TokenError::policy`].
    pub error_codes: Vec<u64>,
    /// The id to quote in support tickets.
    pub correlation_id: Option<String>,
    /// The id of the very request.
    pub trace_id: Option<String>,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        match self.description.as_str() {
            "" => Ok(()),
            description => write!(f, ": {description}"),
        }
    }
}

impl std::error::Error for TokenError {}

/// The claims are cut like all other words: only the member itself has to be whole.
impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("error", &self.error)
            .field("suberror", &self.suberror)
            .field("claims", &self.claims.as_deref().map(one_line))
            .field("description", &self.description)
            .field("error_codes", &self.error_codes)
            .field("correlation_id", &self.correlation_id)
            .field("trace_id", &self.trace_id)
            .finish()
    }
}

#[derive(Deserialize)]
struct Wire {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Option<Vec<u64>>,
    #[serde(default)]
    suberror: Option<String>,
    #[serde(default)]
    claims: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
    #[serde(default)]
    trace_id: Option<String>,
}

impl TokenError {
    /// Reads an error answer, without any of `secrets` in it; `None` when it is none.
    pub(crate) fn read(body: &[u8], secrets: &[String]) -> Option<Self> {
        // serde would take an array for the members in their order.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        let wire: Wire = serde_json::from_slice(body).ok()?;
        let clean = |text: String| one_line(&without(&text, secrets));
        let description = clean(wire.error_description.unwrap_or_default());
        let mut error_codes = wire.error_codes.unwrap_or_default();
        error_codes.truncate(MOST_CODES);
        if error_codes.is_empty() {
            error_codes.extend(policy::code_in(&description));
        }
        Some(Self {
            error: clean(wire.error).into(),
            suberror: wire.suberror.map(clean).filter(|it| !it.is_empty()),
            claims: wire.claims.map(|it| without(&it, secrets)),
            description,
            error_codes,
            correlation_id: wire.correlation_id.map(clean),
            trace_id: wire.trace_id.map(clean),
        })
    }

    /// The user's code ran out before the user used it.
    pub(crate) fn expired() -> Self {
        let text = "the code was not used in time".to_owned();
        Self::new(TokenErrorCode::ExpiredToken, text)
    }

    /// What the browser brought back in place of a code.
    #[cfg(feature = "browser")]
    pub(crate) fn redirected(error: &str, description: &str) -> Self {
        let mut told = Self::new(one_line(error).into(), one_line(description));
        told.error_codes.extend(policy::code_in(&told.description));
        told
    }

    /// The policy of the tenant that forbids this sign-in, if it is one that this version knows:
    /// the same sign-in fails again, another way or an administrator helps.
    #[must_use]
    pub fn policy(&self) -> Option<SignInPolicy> {
        self.error_codes
            .iter()
            .find_map(|code| SignInPolicy::of(*code))
    }

    fn new(error: TokenErrorCode, description: String) -> Self {
        Self {
            error,
            suberror: None,
            claims: None,
            description,
            error_codes: Vec::new(),
            correlation_id: None,
            trace_id: None,
        }
    }

    /// The core's error, with this one as its source. `status` is 0 when there was no response.
    pub(crate) fn into_core(self, status: u16, wait: Option<Duration>) -> Error {
        let (kind, remedy) = match self.policy() {
            Some(policy) if status != 429 && status < 500 => {
                (ErrorKind::Unauthenticated, policy.remedy())
            }
            _ => remedy(&self.error, status),
        };
        let mut error = Error::new(kind, remedy)
            .with_delivery(Delivery::NotSent)
            .with_code(self.error.as_str());
        if status != 0 {
            error = error.with_status(status);
        }
        if let Some(wait) = wait {
            error = error.with_retry_after(wait);
        }
        if let Some(id) = &self.correlation_id {
            error = error.with_request_id(id.clone());
        }
        error.with_source(self)
    }
}

/// The kind of an error, and what to do about it.
fn remedy(code: &TokenErrorCode, status: u16) -> (ErrorKind, &'static str) {
    use TokenErrorCode as C;
    match code {
        _ if status == 429 => (ErrorKind::RateLimited, "Entra ID asks to slow down"),
        C::TemporarilyUnavailable | C::ServerError => {
            (ErrorKind::Service, "Entra ID failed for the moment")
        }
        _ if status >= 500 => (ErrorKind::Service, "Entra ID failed for the moment"),
        C::InvalidClient | C::UnauthorizedClient => (
            ErrorKind::Config,
            "Entra ID refuses the application: check its id, its credential and the flows that it may use",
        ),
        C::InvalidRequest | C::UnsupportedGrantType | C::InvalidResource | C::InvalidScope => (
            ErrorKind::Config,
            "Entra ID refuses the request: check tenant, scopes and flow",
        ),
        C::InvalidGrant
        | C::InteractionRequired
        | C::ConsentRequired
        | C::LoginRequired
        | C::AuthorizationDeclined
        | C::AccessDenied
        | C::BadVerificationCode
        | C::ExpiredToken => (
            ErrorKind::Unauthenticated,
            "Entra ID gave no token: sign in again",
        ),
        _ => (ErrorKind::Unauthenticated, "Entra ID gave no token"),
    }
}

#[cfg(test)]
mod tests;
