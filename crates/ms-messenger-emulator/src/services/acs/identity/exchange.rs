//! Exchanges: an Entra token for an ACS one.

use http::StatusCode;
use serde_json::json;

use crate::{
    services::acs::{
        auth,
        error::AcsError,
        family::{Acs, IDENTITY},
        identity::{
            body::{body, required},
            tokens::{self, Wish},
        },
    },
    wire::{request::Request, response::Response},
};

/// How long an exchanged token lives, in minutes. The service's own time is unknown: a guess.
const MINUTES: u64 = 60;

fn wish(scopes: &[&str]) -> Wish {
    Wish {
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        minutes: MINUTES,
    }
}

/// The Entra token of a Teams user for an ACS token of the same user.
///
/// The token must be one of this world, of the user and the application that the body names.
pub(crate) fn teams_user(service: &Acs, request: &Request, now: u64) -> Result<Response, AcsError> {
    let body = body(request)?;
    let token = required(&body, "token", "Token")?;
    let app = required(&body, "appId", "AppId")?;
    let user = required(&body, "userId", "UserId")?;
    let claims = service.seed.tokens().verify(token, now / 1000);
    let is = |name: &str, wanted: &str| {
        let claims = claims.as_ref().ok();
        let claim = claims.and_then(|claims| claims.text(name));
        claim.is_some_and(|claim| claim.eq_ignore_ascii_case(wanted))
    };
    if !is("oid", user) || !is("appid", app) {
        let message = "Provided access token is not valid.";
        let status = StatusCode::UNAUTHORIZED;
        return Err(AcsError::new(status, "InvalidAccessToken", message));
    }
    let token = tokens::issue(service, &format!("8:orgid:{user}"), &wish(&["voip"]), now);
    Ok(Response::json(StatusCode::OK, &token))
}

/// The Entra token of a user with Teams Phone for a token of the extension user, which must have
/// an assignment when strict.
pub(crate) fn extension(service: &Acs, request: &Request, now: u64) -> Result<Response, AcsError> {
    let (tenant, object) = entra_user(service, request, now)?;
    if service.engine.is_strict() {
        let key = (tenant.to_lowercase(), object.to_lowercase());
        if !service.identity().assignments.contains_key(&key) {
            let message = "The user has no assignment.";
            return Err(AcsError::of_status(StatusCode::FORBIDDEN, message));
        }
    }
    let resource = service.seed.resource_id();
    exchanged(
        service,
        &format!("8:acs:{resource}_{tenant}_{object}"),
        &["voip"],
        now,
    )
}

/// The Entra token of any user for a token of an ACS user, always the same one.
pub(crate) fn entra(service: &Acs, request: &Request, now: u64) -> Result<Response, AcsError> {
    let (_, object) = entra_user(service, request, now)?;
    let user = format!("8:acs:{}_{object}", service.seed.resource_id());
    service.identity().add(&user);
    exchanged(service, &user, &["chat", "voip"], now)
}

fn exchanged(service: &Acs, user: &str, scopes: &[&str], now: u64) -> Result<Response, AcsError> {
    let token = tokens::issue(service, user, &wish(scopes), now);
    let body = json!({"identity": {"id": user}, "accessToken": token});
    Ok(Response::json(StatusCode::OK, &body))
}

/// Tenant and object id of the Entra token in the request.
fn entra_user(service: &Acs, request: &Request, _now: u64) -> Result<(String, String), AcsError> {
    let claims = auth::bearer(service, IDENTITY, request)?;
    let ids = claims.text("tid").zip(claims.text("oid"));
    let (tenant, object) = ids.ok_or_else(|| auth::denied("Denied by the resource provider."))?;
    Ok((tenant.to_owned(), object.to_owned()))
}
