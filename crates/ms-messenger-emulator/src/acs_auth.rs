//! Who calls an ACS service: by access key, by Entra token or by user access token.

use http::StatusCode;

use crate::access_key;
use crate::acs_error::AcsError;
use crate::acs_identity;
use crate::inbound::Inbound;
use crate::shared::Shared;
use crate::token::Claims;
use crate::token_life::Audience;
use crate::world::World;

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
    inbound: &Inbound,
    now: u64,
) -> Result<Caller, AcsError> {
    if inbound
        .header("authorization")
        .is_some_and(|a| a.starts_with("Bearer "))
    {
        let claims = bearer(shared, audience, inbound, now)?;
        if let Some(user) = claims.acs_user() {
            if !acs_identity::is_valid(shared, &claims) {
                return Err(denied("Denied by the resource provider."));
            }
            return Ok(Caller::User(user));
        }
        if !claims.text("aud").is_some_and(World::is_acs_audience) {
            return Err(denied("Denied by the resource provider."));
        }
        let subject = claims.text("oid").or_else(|| claims.text("appid"));
        return Ok(Caller::Entra(subject.unwrap_or_default().to_owned()));
    }
    access_key::verify(shared.access_key(), inbound, now)
        .map_err(|problem| denied(problem.message()))?;
    Ok(Caller::Key)
}

/// The claims of a request's bearer token, whatever it is for.
pub(crate) fn bearer(
    shared: &Shared,
    audience: Audience,
    inbound: &Inbound,
    now: u64,
) -> Result<Claims, AcsError> {
    let authorization = inbound.header("authorization").unwrap_or_default();
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let claims = shared.verify(audience, token.trim(), now / 1000);
    claims.map_err(|_| denied("Denied by the resource provider."))
}
