//! ACS Identity: users, their access tokens, and what Teams users get for theirs.

pub(crate) mod assignments;
pub(crate) mod body;
pub(crate) mod exchange;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod tokens;
pub(crate) mod users;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{limits::bucket::Rate, outcome::Outcome, platform::Platform},
    services::acs::{
        auth::{Caller, caller, denied},
        error::{AcsError, api_version_problem},
        family::{Acs, IDENTITY},
        identity::{body::body, tokens::Wish},
    },
    wire::{request::Request, response::Response},
};
pub(crate) use routes::{Call, route};

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

/// Carries out an operation of Identity.
pub(crate) fn handle(service: &Acs, call: &Call, request: &Request) -> Outcome {
    let versions: &[&str] = match call {
        Call::Assignment { .. } | Call::ExchangeExtension => &[NEWEST],
        Call::ExchangeEntra => &[ENTRA_VERSION],
        _ => &VERSIONS,
    };
    let response = execute(service, call, request, versions);
    let response = response
        .unwrap_or_else(AcsError::into_response)
        .with_header("api-supported-versions", &versions.join(", "))
        .with_header("request-context", "appId=")
        .with_header(
            "ms-cv",
            &format!("{}.0", service.engine.response_id().simple()),
        );
    let response = match request.header("x-ms-client-request-id") {
        Some(id) => response.with_header("x-ms-client-request-id", id),
        None => response,
    };
    Outcome::new(response, false)
}

fn execute(
    service: &Acs,
    call: &Call,
    request: &Request,
    versions: &[&str],
) -> Result<Response, AcsError> {
    let now = service.engine.now_ms();
    // The exchanges check the Entra token that they are given by themselves.
    let is_exchange = matches!(call, Call::ExchangeExtension | Call::ExchangeEntra);
    if !is_exchange && let Caller::User(_) = caller(service, IDENTITY, request, now)? {
        return Err(denied("Denied by the resource provider."));
    }
    let resource = format!("{}{}", request.origin(), request.path());
    let version = request.query.value("api-version");
    if let Some(problem) = api_version_problem(version, versions, &resource) {
        return Err(problem);
    }
    if let Err(throttled) = service.engine.admit(Platform::ACS_CHAT, &rates(call)) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let response = AcsError::of_status(status, "Rate limit exceeded.").into_response();
        return Ok(throttled.mark(response));
    }
    match call {
        Call::Create => create(service, request, now),
        Call::Delete { id } => {
            existing(service, id)?;
            service.identity().delete(id);
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        Call::Issue { id } => {
            existing(service, id)?;
            let wish = Wish::read(&body(request)?, "scopes", "Scopes")?;
            let token = tokens::issue(service, id, &wish, now);
            Ok(Response::json(StatusCode::OK, &token))
        }
        Call::Revoke { id } => {
            existing(service, id)?;
            service.identity().revoke(id);
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        Call::ExchangeTeams => exchange::teams_user(service, request, now),
        Call::ExchangeExtension => exchange::extension(service, request, now),
        Call::ExchangeEntra => exchange::entra(service, request, now),
        Call::Assignment {
            verb,
            tenant,
            object,
        } => assignments::handle(service, request, *verb, tenant, object),
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
        key: String::new(),
        requests,
        seconds: 30,
    }]
}

fn create(service: &Acs, request: &Request, now: u64) -> Result<Response, AcsError> {
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
    let id = format!(
        "8:acs:{}_{}",
        service.seed.resource_id(),
        service.engine.guid()
    );
    service.identity().add(&id);
    let mut response = json!({"identity": {"id": id}});
    if let Some(wish) = wish {
        response["accessToken"] = tokens::issue(service, &id, &wish, now);
    }
    Ok(Response::json(StatusCode::CREATED, &response))
}

/// Refuses what is no user of the resource, or not one any more.
fn existing(service: &Acs, id: &str) -> Result<(), AcsError> {
    let store = service.identity();
    let is_there = if service.engine.is_strict() {
        store.is_known(&service.seed, id)
    } else {
        id.starts_with("8:acs:") && !store.is_deleted(id)
    };
    if is_there {
        return Ok(());
    }
    let message = "The identity does not exist.";
    Err(AcsError::of_status(StatusCode::NOT_FOUND, message))
}
