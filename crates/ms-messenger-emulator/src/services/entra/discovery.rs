//! Discovery, which identity libraries read before they request tokens.

use http::StatusCode;
use serde_json::json;

use crate::{
    services::entra::{error::EntraError, form, state::Entra},
    wire::{request::Request, response::Response, rsa},
};

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`.
pub(crate) fn configuration(
    service: &Entra,
    tenant: &str,
    request: &Request,
) -> Result<Response, EntraError> {
    form::check_tenant(service, tenant)?;
    let origin = request.origin();
    let base = format!("{origin}/{tenant}");
    let issuer = format!("{origin}/{}/v2.0", service.seed.entra.tenant);
    let body = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "tenant_region_scope": "WW",
    });
    Ok(Response::json(StatusCode::OK, &body))
}

/// `GET /common/discovery/instance`: this host is the only authority that it knows.
pub(crate) fn instance(request: &Request) -> Result<Response, EntraError> {
    let endpoint = form::required(&request.query, "authorization_endpoint")?;
    let host = request.host();
    let rest = endpoint.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest
        .strip_prefix(host)
        .and_then(|path| path.strip_prefix('/'));
    let tenant = path.and_then(|path| path.split('/').next());
    let Some(tenant) = tenant.filter(|tenant| !tenant.is_empty()) else {
        let message = "Unknown or invalid instance.";
        return Err(EntraError::new("invalid_instance", 50_049, message));
    };
    let origin = request.origin();
    let body = json!({
        "tenant_discovery_endpoint":
            format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{
            "preferred_network": host,
            "preferred_cache": host,
            "aliases": [host],
        }],
    });
    Ok(Response::json(StatusCode::OK, &body))
}

/// `GET /{tenant}/discovery/v2.0/keys`: the well-known key that signs the tokens of callers, symmetric,
/// and the one that signs those of the emulator's own requests.
pub(crate) fn keys(service: &Entra) -> Response {
    let body = json!({"keys": [service.engine.key().to_jwk(), rsa::to_jwk()]});
    Response::json(StatusCode::OK, &body)
}
