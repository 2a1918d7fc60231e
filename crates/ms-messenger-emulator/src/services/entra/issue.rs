//! Access tokens, id tokens and refresh tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    seed::graph::{APP_ROLES, GRAPH_AUDIENCE, GraphUser},
    services::entra::{
        error::EntraError,
        form::value,
        state::Entra,
        store::{Grant, Refresh},
    },
    wire::{
        request::{Query, Request},
        response::Response,
    },
};

/// The claims that the parameter `claims` asks into the access token: each member of
/// `access_token` with a `value` or `values`.
pub(crate) fn asked_claims(form: &Query) -> Result<Map<String, Value>, EntraError> {
    let Some(text) = value(form, "claims") else {
        return Ok(Map::new());
    };
    let parsed: Option<Value> = serde_json::from_str(text).ok();
    let Some(Value::Object(document)) = parsed else {
        let message = "The 'claims' parameter is not valid JSON.";
        return Err(EntraError::new("invalid_request", 90_100, message));
    };
    let asked = document.get("access_token").and_then(Value::as_object);
    let asked = asked.into_iter().flatten();
    let claim = |(name, wish): (&String, &Value)| {
        let value = wish.get("value").or_else(|| wish.get("values"))?;
        Some((name.clone(), value.clone()))
    };
    Ok(asked.filter_map(claim).collect())
}

/// The response to a user's grant: an access token, and the other tokens that its scopes ask for.
pub(crate) fn to_user(
    service: &Entra,
    request: &Request,
    form: &Query,
    grant: &Grant,
    user: &GraphUser,
    now: u64,
) -> Response {
    let entra = &service.settings;
    let seconds = now / 1000;
    let tenant = &service.seed.entra.tenant;
    let mut claims = json!({
        "aud": grant.scopes.audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "oid": user.id,
        "sub": user.id,
        "name": user.display_name,
        "upn": user.upn,
        "appid": grant.client,
        "scp": grant.scopes.granted(),
        "idtyp": "user",
        "iat": seconds,
        "exp": seconds + entra.lifetime,
        "uti": service.engine.guid().simple().to_string(),
        "ver": "1.0",
    });
    carry(&mut claims, &grant.claims, seconds);
    service.engine.token_life.stamp(&mut claims);
    let mut body = json!({
        "token_type": "Bearer",
        "scope": grant.scopes.announced(),
        "expires_in": entra.lifetime,
        "ext_expires_in": entra.lifetime,
        "access_token": service.engine.sign(&claims),
    });
    if grant.scopes.has_offline {
        body["refresh_token"] = json!(remember(service, grant, user));
    }
    if grant.scopes.has_openid {
        body["id_token"] = json!(id_token(service, request, grant, user, seconds));
    }
    if value(form, "client_info") == Some("1") {
        let info = json!({"uid": user.id, "utid": tenant}).to_string();
        body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
    }
    Response::json(StatusCode::OK, &body)
}

/// An app-only token for `audience`, its end in Unix seconds, of the application `client`.
pub(crate) fn app_token(
    service: &Entra,
    audience: &str,
    client: &str,
    asked: &Map<String, Value>,
    now: u64,
) -> (String, u64) {
    let seconds = now / 1000;
    let expires = seconds + service.settings.lifetime;
    let tenant = &service.seed.entra.tenant;
    let roles: &[&str] = if audience == GRAPH_AUDIENCE {
        &APP_ROLES
    } else {
        &[]
    };
    let mut claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "oid": service.seed.service_principal(),
        "appid": client,
        "idtyp": "app",
        "roles": roles,
        "iat": seconds,
        "exp": expires,
        "uti": service.engine.guid().simple().to_string(),
        "ver": "1.0",
    });
    carry(&mut claims, asked, seconds);
    service.engine.token_life.stamp(&mut claims);
    (service.engine.sign(&claims), expires)
}

/// Adds the requested claims to those of the token, which cannot be replaced.
fn carry(claims: &mut Value, asked: &Map<String, Value>, seconds: u64) {
    if let Some(claims) = claims.as_object_mut() {
        for (name, value) in asked {
            claims.entry(name.clone()).or_insert_with(|| value.clone());
        }
        // A challenge may ask for a later `nbf` than any token before: it is the time of issue.
        claims.insert("nbf".to_owned(), json!(seconds));
    }
}

fn remember(service: &Entra, grant: &Grant, user: &GraphUser) -> String {
    let (a, b) = (service.engine.guid(), service.engine.guid());
    let token = format!("1.{}{}", a.simple(), b.simple());
    let refresh = Refresh {
        grant: grant.clone(),
        user: user.id.clone(),
        is_revoked: false,
    };
    let mut store = service.store();
    store.refresh.insert(token.clone(), refresh);
    token
}

fn id_token(
    service: &Entra,
    request: &Request,
    grant: &Grant,
    user: &GraphUser,
    seconds: u64,
) -> String {
    let tenant = &service.seed.entra.tenant;
    let mut claims = json!({
        "aud": grant.client,
        "iss": format!("{}/{tenant}/v2.0", request.origin()),
        "tid": tenant,
        "oid": user.id,
        "sub": user.id,
        "name": user.display_name,
        "preferred_username": user.upn,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + service.settings.lifetime,
        "ver": "2.0",
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
    }
    service.engine.sign(&claims)
}
