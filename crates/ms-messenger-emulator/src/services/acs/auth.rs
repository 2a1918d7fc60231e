//! The callers of the ACS services: access key, Entra token or user access token.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{
        token_request::{TokenGrant, TokenRequest},
        tokens::Audience,
    },
    seed::Seed,
    services::acs::{access_key, claims, error::AcsError, family::Acs, identity::users},
    wire::{jwt::Claims, request::Request},
};

/// A caller with a valid credential.
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
    service: &Acs,
    audience: Audience,
    request: &Request,
    now: u64,
) -> Result<Caller, AcsError> {
    if request
        .header("authorization")
        .is_some_and(|a| a.starts_with("Bearer "))
    {
        let claims = bearer(service, audience, request)?;
        if let Some(user) = claims::user(&claims) {
            if !users::is_valid(service, &claims) {
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
    access_key::verify(&service.access_key, request, now)
        .map_err(|problem| denied(problem.message()))?;
    Ok(Caller::Key)
}

/// The claims of a request's bearer token, whatever it is for.
pub(crate) fn bearer(
    service: &Acs,
    audience: Audience,
    request: &Request,
) -> Result<Claims, AcsError> {
    let authorization = request.header("authorization").unwrap_or_default();
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let claims = service.engine.verify(audience, token.trim());
    claims.map_err(|_| denied("Denied by the resource provider."))
}

/// Grants a user token, or one of the application where the request names no user.
pub(crate) fn grant(service: &Acs, request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
    let seed = &service.seed;
    let Some(user) = request.user else {
        let roles = request.scopes_or(Vec::new);
        let claims = seed.acs_app_claims(&json!(roles));
        return Ok(TokenGrant::new(Value::Null, &roles, claims));
    };
    let scopes = request.scopes_or(|| vec!["chat", "voip"]);
    let mut users = seed.acs.users.iter();
    let id = match users.find(|u| u.name == user || u.id == user) {
        Some(found) => found.id.as_str(),
        None if user.starts_with("8:") => user,
        None => return Err("user: must be a seeded user or a raw id (8:acs:…)".to_owned()),
    };
    let mut claims = seed.acs_claims(id, &scopes);
    // A token that is issued after a revocation is valid.
    claims["generation"] = json!(service.identity().generation(id));
    Ok(TokenGrant::new(json!(id), &scopes, claims))
}
