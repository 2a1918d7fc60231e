//! Managed identities: the metadata service of a virtual machine, and that of App Service.

use http::StatusCode;
use serde_json::{Map, json};
use subtle::ConstantTimeEq as _;

use crate::{
    services::entra::{form::value, issue, scope, state::Entra},
    wire::{request::Request, response::Response},
};

/// `GET /metadata/identity/oauth2/token`; all numbers of the response are strings.
pub(crate) fn imds(service: &Entra, request: &Request, now: u64) -> Response {
    let refuse = |error: &str, text: &str| {
        let body = json!({"error": error, "error_description": text});
        Response::json(StatusCode::BAD_REQUEST, &body)
    };
    let metadata = request.header("metadata").unwrap_or_default();
    if !metadata.eq_ignore_ascii_case("true") {
        return refuse("bad_request_102", "Required metadata header not specified");
    }
    let query = &request.query;
    if value(query, "api-version").is_none() {
        return refuse(
            "bad_request_103",
            "Required query variable 'api-version' is missing",
        );
    }
    let Some(resource) = value(query, "resource") else {
        let text = "Required query variable 'resource' is missing";
        return refuse("invalid_request", text);
    };
    let (token, client, expires) = identity(service, request, resource, now);
    let lifetime = service.settings.lifetime.to_string();
    let body = json!({
        "access_token": token,
        "client_id": client,
        "expires_in": lifetime,
        "expires_on": expires.to_string(),
        "ext_expires_in": lifetime,
        "not_before": (now / 1000).to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Response::json(StatusCode::OK, &body)
}

/// `GET /msi/token` of App Service and Functions; the response has no `expires_in`.
pub(crate) fn app_service(service: &Entra, request: &Request, now: u64) -> Response {
    let refuse = |status: StatusCode, text: &str| {
        let body = json!({"statusCode": status.as_u16(), "message": text});
        Response::json(status, &body)
    };
    let header = request.header("x-identity-header").unwrap_or_default();
    let wanted = service.seed.entra.identity_header.as_bytes();
    if !bool::from(header.as_bytes().ct_eq(wanted)) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "X-IDENTITY-HEADER is missing or wrong.",
        );
    }
    let query = &request.query;
    if value(query, "api-version") != Some("2019-08-01") {
        return refuse(
            StatusCode::BAD_REQUEST,
            "The api-version must be 2019-08-01.",
        );
    }
    let Some(resource) = value(query, "resource") else {
        return refuse(StatusCode::BAD_REQUEST, "The resource is missing.");
    };
    let (token, client, expires) = identity(service, request, resource, now);
    let body = json!({
        "access_token": token,
        "client_id": client,
        "expires_on": expires.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    Response::json(StatusCode::OK, &body)
}

/// Token, application and end (Unix seconds) of the identity that the request names, or of the
/// machine's own.
fn identity(service: &Entra, request: &Request, resource: &str, now: u64) -> (String, String, u64) {
    let audience = scope::audience_of(resource);
    let own = &service.seed.entra.confidential_client_id;
    let client = value(&request.query, "client_id").unwrap_or(own).to_owned();
    let (token, expires) = issue::app_token(service, &audience, &client, &Map::new(), now);
    (token, client, expires)
}
