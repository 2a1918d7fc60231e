//! Errors of the token endpoint.

use std::{fmt, time::Duration};

use ms_messenger_core::{Delivery, Error, ErrorKind, open_enum};
use ms_messenger_http::one_line;
use serde::Deserialize;

mod clean;
mod policy;

use clean::without;
pub use policy::SignInPolicy;

/// The most AADSTS numbers that are kept.
const MOST_CODES: usize = 16;

open_enum! {
    /// The `error` member of an error response. Branch on it, never on the AADSTS text.
    pub enum TokenErrorCode {
        /// The user has not finished signing in.
        AuthorizationPending = "authorization_pending",
        /// Poll less often.
        SlowDown = "slow_down",
        /// The user declined; Entra's name for `access_denied` in the device code flow.
        AuthorizationDeclined = "authorization_declined",
        /// The user or an administrator declined.
        AccessDenied = "access_denied",
        /// The device code is invalid.
        BadVerificationCode = "bad_verification_code",
        /// The device code has expired.
        ExpiredToken = "expired_token",
        /// A parameter is missing or wrong.
        InvalidRequest = "invalid_request",
        /// The code or refresh token is expired, used or revoked.
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
        /// The service is too busy.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The service failed.
        ServerError = "server_error",
    }
}

/// An error response of the token endpoint: the `source` of the [`Error`] of a provider.
///
/// Text of the service is one line of at most 1000 characters, and any secret of the request
/// that the response repeats is removed from it.
///
/// ```
/// use std::error::Error as _;
///
/// use ms_messenger_core::Error;
/// use ms_messenger_entra::{TokenError, TokenErrorCode};
///
/// fn needs_interaction(error: &Error) -> bool {
///     let source = error.source().and_then(|it| it.downcast_ref::<TokenError>());
///     source.is_some_and(|it| it.error == TokenErrorCode::InteractionRequired)
/// }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenError {
    /// The error code to branch on.
    pub error: TokenErrorCode,
    /// A more specific cause, e.g. `consent_required`, if the service names one.
    pub suberror: Option<String>,
    /// Claims, as JSON, that an interactive sign-in must satisfy.
    pub claims: Option<String>,
    /// The text of the service, `AADSTS…`; for display.
    pub description: String,
    /// The numbers of the AADSTS text, e.g. 53003; see [`TokenError::policy`].
    pub error_codes: Vec<u64>,
    /// The id to quote in support tickets.
    pub correlation_id: Option<String>,
    /// The id of the request at the service.
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

/// The claims are shortened like all other text; the field itself has all of them.
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
    /// Reads an error response and removes `secrets` from it; `None` for any other body.
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

    /// The code expired before the user used it.
    pub(crate) fn expired() -> Self {
        let text = "the code was not used in time".to_owned();
        Self::new(TokenErrorCode::ExpiredToken, text)
    }

    /// The error that the browser was redirected with.
    #[cfg(feature = "browser")]
    pub(crate) fn redirected(error: &str, description: &str) -> Self {
        let mut error = Self::new(one_line(error).into(), one_line(description));
        error
            .error_codes
            .extend(policy::code_in(&error.description));
        error
    }

    /// Returns the policy of the tenant that forbids this sign-in, if this version knows it: the
    /// same sign-in fails again; another way of signing in, or an administrator, is needed.
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
        _ if status == 429 => (
            ErrorKind::RateLimited,
            "Entra ID limits the rate of requests",
        ),
        C::TemporarilyUnavailable | C::ServerError => {
            (ErrorKind::Service, "Entra ID is temporarily unavailable")
        }
        _ if status >= 500 => (ErrorKind::Service, "Entra ID is temporarily unavailable"),
        C::InvalidClient | C::UnauthorizedClient => (
            ErrorKind::Config,
            "Entra ID rejects the application: check its id, its credential and the flows that it may use",
        ),
        C::InvalidRequest | C::UnsupportedGrantType | C::InvalidResource | C::InvalidScope => (
            ErrorKind::Config,
            "Entra ID rejects the request: check tenant, scopes and flow",
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
            "Entra ID issued no token: sign in again",
        ),
        _ => (ErrorKind::Unauthenticated, "Entra ID issued no token"),
    }
}

#[cfg(test)]
mod tests;
