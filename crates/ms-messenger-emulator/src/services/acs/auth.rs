//! Who calls an ACS service: by access key, by Entra token or by user access token.

use http::StatusCode;

use crate::engine::resources::Shared;
use crate::engine::tokens::Audience;
use crate::seed::Seed;
use crate::services::acs::access_key;
use crate::services::acs::error::AcsError;
use crate::services::acs::identity;
use crate::wire::jwt::Claims;
use crate::wire::request::Request;

/// A caller whose credential was checked.
#[derive(Debug)]
pub(crate) enum Caller {
    /// The access key.
    Key,
    /// An application or user of Entra, by object or application id.
    Entra(String),
    /// An ACS user, by raw id.
    User(String),
}

/// The 401 of these services.
pub(crate) fn denied(message: &str) -> AcsError {
    AcsError::new(StatusCode::UNAUTHORIZED, "Denied", message)
}

/// Checks the credential of a request; `now` is in epoch milliseconds.
pub(crate) fn caller(
    shared: &Shared,
    audience: Audience,
    request: &Request,
    now: u64,
) -> Result<Caller, AcsError> {
    if request
        .header("authorization")
        .is_some_and(|a| a.starts_with("Bearer "))
    {
        let claims = bearer(shared, audience, request, now)?;
        if let Some(user) = claims.acs_user() {
            if !identity::is_valid(shared, &claims) {
                return Err(denied("Denied by the resource provider."));
            }
            return Ok(Caller::User(user));
        }
        if !claims.text("aud").is_some_and(Seed::is_acs_audience) {
            return Err(denied("Denied by the resource provider."));
        }
        let subject = claims.text("oid").or_else(|| claims.text("appid"));
        return Ok(Caller::Entra(subject.unwrap_or_default().to_owned()));
    }
    access_key::verify(shared.access_key(), request, now)
        .map_err(|problem| denied(problem.message()))?;
    Ok(Caller::Key)
}

/// The claims of a request's bearer token, whatever it is for.
pub(crate) fn bearer(
    shared: &Shared,
    audience: Audience,
    request: &Request,
    now: u64,
) -> Result<Claims, AcsError> {
    let authorization = request.header("authorization").unwrap_or_default();
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let claims = shared.verify(audience, token.trim(), now / 1000);
    claims.map_err(|_| denied("Denied by the resource provider."))
}
