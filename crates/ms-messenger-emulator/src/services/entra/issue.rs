//! Access tokens, id tokens and refresh tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::engine::resources::Shared;
use crate::seed::{APP_ROLES, GRAPH_AUDIENCE, GraphUser};
use crate::services::entra::error::EntraError;
use crate::services::entra::form::value;
use crate::services::entra::store::{Grant, Refresh};
use crate::wire::request::{Query, Request};
use crate::wire::response::Response;

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

/// The answer to a user's grant: an access token, and what its scopes ask for besides.
pub(crate) fn to_user(
    shared: &Shared,
    request: &Request,
    form: &Query,
    grant: &Grant,
    user: &GraphUser,
    now: u64,
) -> Response {
    let entra = &shared.settings.entra;
    let seconds = now / 1000;
    let tenant = &shared.seed.entra.tenant;
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
        "uti": shared.guid().simple().to_string(),
        "ver": "1.0",
    });
    carry(&mut claims, &grant.claims, seconds);
    shared.token_life.stamp(&mut claims);
    let mut body = json!({
        "token_type": "Bearer",
        "scope": grant.scopes.announced(),
        "expires_in": entra.lifetime,
        "ext_expires_in": entra.lifetime,
        "access_token": shared.seed.tokens().sign(&claims),
    });
    if grant.scopes.has_offline {
        body["refresh_token"] = json!(remember(shared, grant, user));
    }
    if grant.scopes.has_openid {
        body["id_token"] = json!(id_token(shared, request, grant, user, seconds));
    }
    if value(form, "client_info") == Some("1") {
        let info = json!({"uid": user.id, "utid": tenant}).to_string();
        body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
    }
    Response::json(StatusCode::OK, &body)
}

/// An app-only token for `audience`, its end in Unix seconds, of the application `client`.
pub(crate) fn app_token(
    shared: &Shared,
    audience: &str,
    client: &str,
    asked: &Map<String, Value>,
    now: u64,
) -> (String, u64) {
    let seconds = now / 1000;
    let expires = seconds + shared.settings.entra.lifetime;
    let tenant = &shared.seed.entra.tenant;
    let roles: &[&str] = if audience == GRAPH_AUDIENCE {
        &APP_ROLES
    } else {
        &[]
    };
    let mut claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "oid": shared.seed.service_principal(),
        "appid": client,
        "idtyp": "app",
        "roles": roles,
        "iat": seconds,
        "exp": expires,
        "uti": shared.guid().simple().to_string(),
        "ver": "1.0",
    });
    carry(&mut claims, asked, seconds);
    shared.token_life.stamp(&mut claims);
    (shared.seed.tokens().sign(&claims), expires)
}

/// Puts the claims asked for next to those that the token has anyhow, which nobody can replace.
fn carry(claims: &mut Value, asked: &Map<String, Value>, seconds: u64) {
    if let Some(claims) = claims.as_object_mut() {
        for (name, value) in asked {
            claims.entry(name.clone()).or_insert_with(|| value.clone());
        }
        // A challenge may ask for a later `nbf` than any token before: it is the time of issue.
        claims.insert("nbf".to_owned(), json!(seconds));
    }
}

fn remember(shared: &Shared, grant: &Grant, user: &GraphUser) -> String {
    let (a, b) = (shared.guid(), shared.guid());
    let token = format!("1.{}{}", a.simple(), b.simple());
    let refresh = Refresh {
        grant: grant.clone(),
        user: user.id.clone(),
        is_revoked: false,
    };
    let mut state = shared.state();
    state.entra.refresh.insert(token.clone(), refresh);
    token
}

fn id_token(
    shared: &Shared,
    request: &Request,
    grant: &Grant,
    user: &GraphUser,
    seconds: u64,
) -> String {
    let tenant = &shared.seed.entra.tenant;
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
        "exp": seconds + shared.settings.entra.lifetime,
        "ver": "2.0",
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
    }
    shared.seed.tokens().sign(&claims)
}
