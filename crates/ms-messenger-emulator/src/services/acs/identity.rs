//! ACS Identity: users, their access tokens, and what Teams users get for theirs.

mod assignments;
mod exchange;
mod routes;
mod store;
mod tokens;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::engine::limits::Rate;
use crate::engine::platform::Platform;
use crate::engine::resources::{Outcome, Shared};
use crate::engine::tokens::Audience;
use crate::services::acs::auth::{Caller, caller, denied};
use crate::services::acs::error::{AcsError, api_version_problem};
use crate::wire::jwt::Claims;
use crate::wire::request::Request;
use crate::wire::response::Response;

pub(crate) use routes::{Call, route};
pub(crate) use store::Store;
use tokens::Wish;

/// The stable versions. Those before 2023-10-01 are taken from the names of the service's
/// versions, not from its description.
const VERSIONS: [&str; 5] = [
    "2021-03-07",
    "2022-06-01",
    "2022-10-01",
    "2023-10-01",
    NEWEST,
];
const NEWEST: &str = "2025-06-30";
/// Only the exchange of Entra tokens has this one.
const ENTRA_VERSION: &str = "2025-03-02-preview";

/// Whether an id has the form of a user of this resource.
pub(crate) fn is_of_resource(shared: &Shared, raw_id: &str) -> bool {
    let prefix = format!("8:acs:{}_", shared.seed.resource_id());
    raw_id
        .strip_prefix(&prefix)
        .is_some_and(|user| !user.is_empty())
}

/// Whether the user of a verified token still exists and the token was not revoked.
pub(crate) fn is_valid(shared: &Shared, claims: &Claims) -> bool {
    let Some(user) = claims.acs_user() else {
        return false;
    };
    shared
        .state()
        .identity
        .accepts(&user, claims.number(tokens::GENERATION))
}

/// Answers an operation of Identity.
pub(crate) fn handle(shared: &Shared, call: &Call, request: &Request) -> Outcome {
    let versions: &[&str] = match call {
        Call::Assignment { .. } | Call::ExchangeExtension => &[NEWEST],
        Call::ExchangeEntra => &[ENTRA_VERSION],
        _ => &VERSIONS,
    };
    let response = execute(shared, call, request, versions);
    let response = response
        .unwrap_or_else(AcsError::into_response)
        .with_header("api-supported-versions", &versions.join(", "))
        .with_header("request-context", "appId=")
        .with_header("ms-cv", &format!("{}.0", shared.response_id().simple()));
    let response = match request.header("x-ms-client-request-id") {
        Some(id) => response.with_header("x-ms-client-request-id", id),
        None => response,
    };
    Outcome::new(response, false)
}

fn execute(
    shared: &Shared,
    call: &Call,
    request: &Request,
    versions: &[&str],
) -> Result<Response, AcsError> {
    let now = shared.now_ms();
    // The exchanges check the Entra token that they are given by themselves.
    let is_exchange = matches!(call, Call::ExchangeExtension | Call::ExchangeEntra);
    if !is_exchange && let Caller::User(_) = caller(shared, Audience::Identity, request, now)? {
        return Err(denied("Denied by the resource provider."));
    }
    let resource = format!("{}{}", request.origin(), request.path());
    let version = request.query.value("api-version");
    if let Some(problem) = api_version_problem(version, versions, &resource) {
        return Err(problem);
    }
    if let Err(throttled) = shared.admit(Platform::AcsChat, &rates(call)) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let response = AcsError::of_status(status, "Rate limit exceeded.").into_response();
        return Ok(throttled.mark(response));
    }
    match call {
        Call::Create => create(shared, request, now),
        Call::Delete { id } => {
            existing(shared, id)?;
            shared.state().identity.delete(id);
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        Call::Issue { id } => {
            existing(shared, id)?;
            let wish = Wish::read(&body(request)?, "scopes", "Scopes")?;
            let token = tokens::issue(shared, id, &wish, now);
            Ok(Response::json(StatusCode::OK, &token))
        }
        Call::Revoke { id } => {
            existing(shared, id)?;
            shared.state().identity.revoke(id);
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        Call::ExchangeTeams => exchange::teams_user(shared, request, now),
        Call::ExchangeExtension => exchange::extension(shared, request, now),
        Call::ExchangeEntra => exchange::entra(shared, request, now),
        Call::Assignment {
            verb,
            tenant,
            object,
        } => assignments::handle(shared, request, *verb, tenant, object),
    }
}

/// The published rate of a call, which is per resource and 30 seconds.
fn rates(call: &Call) -> Vec<Rate> {
    let (class, requests) = match call {
        Call::Create => ("identity/create", 1000),
        Call::Issue { .. } => ("identity/issue", 1000),
        Call::Delete { .. } => ("identity/delete", 500),
        Call::Revoke { .. } => ("identity/revoke", 500),
        Call::Assignment { .. } => return Vec::new(),
        _ => ("identity/exchange", 500),
    };
    vec![Rate {
        class,
        whom: String::new(),
        requests,
        seconds: 30,
    }]
}

fn create(shared: &Shared, request: &Request, now: u64) -> Result<Response, AcsError> {
    const SCOPES: &str = "createTokenWithScopes";
    let body = body(request)?;
    // Without scopes no token is made, but a life time that is out of bounds is wrong all the same.
    tokens::life(&body)?;
    let has_scopes = body
        .get(SCOPES)
        .and_then(Value::as_array)
        .is_some_and(|s| !s.is_empty());
    let wish = has_scopes
        .then(|| Wish::read(&body, SCOPES, "CreateTokenWithScopes"))
        .transpose()?;
    let id = format!("8:acs:{}_{}", shared.seed.resource_id(), shared.guid());
    shared.state().identity.add(&id);
    let mut response = json!({"identity": {"id": id}});
    if let Some(wish) = wish {
        response["accessToken"] = tokens::issue(shared, &id, &wish, now);
    }
    Ok(Response::json(StatusCode::CREATED, &response))
}

/// Refuses what is no user of the resource, or not one any more.
fn existing(shared: &Shared, id: &str) -> Result<(), AcsError> {
    let state = shared.state();
    let is_there = if shared.settings.is_strict {
        state.identity.is_known(shared, id)
    } else {
        id.starts_with("8:acs:") && !state.identity.is_deleted(id)
    };
    if is_there {
        return Ok(());
    }
    let message = "The identity does not exist.";
    Err(AcsError::of_status(StatusCode::NOT_FOUND, message))
}

/// The object of a request; an empty body counts as an empty object, as the service takes it.
fn body(request: &Request) -> Result<Map<String, Value>, AcsError> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    if !request.is_json() {
        let message = "The media type must be application/json.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(AcsError::of_status(status, message));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        _ => Err(AcsError::bad_request(
            "The request body must be a JSON object.",
        )),
    }
}

/// The error for a member that is missing or wrong: `target` as the service capitalises it.
fn invalid(target: &str, message: impl Into<String>) -> AcsError {
    AcsError::new(StatusCode::BAD_REQUEST, "ValidationError", message).with_target(target)
}

/// A required string of a body.
fn required<'a>(
    body: &'a Map<String, Value>,
    name: &str,
    target: &str,
) -> Result<&'a str, AcsError> {
    let text = body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() {
        let message = format!("{target}: The {target} field is required.");
        return Err(invalid(target, message));
    }
    Ok(text)
}
