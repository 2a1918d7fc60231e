//! The token endpoint: one function per grant.

use http::StatusCode;
use serde_json::json;

use crate::{
    seed::graph::GraphUser,
    services::entra::{
        authorize,
        client::{self, Client},
        device,
        error::EntraError,
        form::{self, required, value},
        issue, scope,
        state::Entra,
        store::Grant,
    },
    wire::{
        request::{Query, Request},
        response::Response,
    },
};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Responds to `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) fn handle(
    service: &Entra,
    tenant: &str,
    request: &Request,
    now: u64,
) -> Result<Response, EntraError> {
    form::check_tenant(service, tenant)?;
    let form = form::read(request);
    let kind = required(&form, "grant_type")?;
    let known = [
        DEVICE_CODE,
        "device_code",
        "authorization_code",
        "refresh_token",
        "client_credentials",
        JWT_BEARER,
    ];
    if !known.contains(&kind) {
        let message = format!("The app requested an unsupported grant type '{kind}'.");
        return Err(EntraError::new("unsupported_grant_type", 70_003, message));
    }
    let client = client::authenticated(service, &form, now)?;
    let token_request = TokenRequest {
        service,
        request,
        form: &form,
        client,
        now,
    };
    match kind {
        "authorization_code" => authorize::redeem(&token_request),
        "refresh_token" => refresh(&token_request),
        "client_credentials" => client_credentials(&token_request, tenant),
        JWT_BEARER => on_behalf_of(&token_request),
        _ => device::poll(&token_request),
    }
}

/// A token request with its application checked.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) service: &'a Entra,
    pub(crate) request: &'a Request,
    pub(crate) form: &'a Query,
    pub(crate) client: Client,
    pub(crate) now: u64,
}

impl TokenRequest<'_> {
    /// The tokens of `user`, by object id.
    pub(crate) fn tokens(&self, grant: &Grant, user: &str) -> Result<Response, EntraError> {
        let user = self.user(user)?;
        let response = issue::to_user(self.service, self.request, self.form, grant, user, self.now);
        Ok(response)
    }

    fn user(&self, id: &str) -> Result<&GraphUser, EntraError> {
        self.service.seed.graph_user(id).ok_or_else(|| {
            EntraError::invalid_grant(50_034, "The user account does not exist in the directory.")
        })
    }

    /// The grant with the scopes and claims that this request itself names.
    pub(crate) fn renewed(&self, mut grant: Grant) -> Result<Grant, EntraError> {
        if let Some(text) = value(self.form, "scope") {
            let (offline, openid) = (grant.scopes.has_offline, grant.scopes.has_openid);
            grant.scopes = scope::parse(text)?;
            // What the user agreed to at the sign-in stays.
            grant.scopes.has_offline |= offline;
            grant.scopes.has_openid |= openid;
        }
        let asked = issue::asked_claims(self.form)?;
        if !asked.is_empty() {
            grant.claims = asked;
        }
        Ok(grant)
    }
}

/// A new refresh token with each response; the old one stays valid, as with the service.
fn refresh(token_request: &TokenRequest<'_>) -> Result<Response, EntraError> {
    let token = required(token_request.form, "refresh_token")?;
    let found = token_request.service.store().refresh.get(token).cloned();
    let found = found.filter(|found| found.grant.client == token_request.client.id);
    let Some(found) = found else {
        let message = "The provided refresh token is invalid or was issued to another client.";
        return Err(EntraError::invalid_grant(70_000, message));
    };
    if found.is_revoked {
        let message = "The provided grant has expired due to it being revoked, a fresh auth \
                       token is needed.";
        let mut error = EntraError::invalid_grant(50_173, message);
        error.suberror = Some("bad_token".to_owned());
        return Err(error);
    }
    let mut grant = token_request.renewed(found.grant)?;
    grant.nonce = None;
    token_request.tokens(&grant, &found.user)
}

fn client_credentials(
    token_request: &TokenRequest<'_>,
    tenant: &str,
) -> Result<Response, EntraError> {
    if !token_request.client.is_confidential {
        return Err(client::unproven());
    }
    if form::is_shared(tenant) {
        let message = "No tenant-identifying information found in either the request or implied \
                       by any provided credentials.";
        return Err(EntraError::new("invalid_request", 50_059, message));
    }
    let text = required(token_request.form, "scope")?;
    let scopes = scope::parse(text)?;
    if !scopes.is_default || !text.contains('/') || scopes.names.len() != 1 {
        let message = format!(
            "The provided value for scope {text} is not valid. Client credential flows must have \
             a scope value with /.default suffixed to the resource identifier (application ID \
             URI)."
        );
        return Err(EntraError::new("invalid_scope", 1_002_012, message));
    }
    let asked = issue::asked_claims(token_request.form)?;
    let (audience, id) = (&scopes.audience, &token_request.client.id);
    let (token, _) = issue::app_token(
        token_request.service,
        audience,
        id,
        &asked,
        token_request.now,
    );
    let lifetime = token_request.service.settings.lifetime;
    let body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    });
    Ok(Response::json(StatusCode::OK, &body))
}

fn on_behalf_of(token_request: &TokenRequest<'_>) -> Result<Response, EntraError> {
    if !token_request.client.is_confidential {
        return Err(client::unproven());
    }
    let form = token_request.form;
    let assertion = required(form, "assertion")?;
    if required(form, "requested_token_use")? != "on_behalf_of" {
        let message = "The value of 'requested_token_use' must be 'on_behalf_of'.";
        return Err(EntraError::new("invalid_request", 90_014, message));
    }
    let scopes = scope::parse(required(form, "scope")?)?;
    let verified = token_request
        .service
        .seed
        .tokens()
        .verify(assertion, token_request.now / 1000);
    let claims = verified.map_err(|_| {
        EntraError::invalid_grant(
            50_013,
            "Assertion failed signature validation or is expired.",
        )
    })?;
    let audience = claims.text("aud").unwrap_or_default();
    let audience = audience.strip_prefix("api://").unwrap_or(audience);
    if !audience.eq_ignore_ascii_case(&token_request.client.id) {
        let message = "Assertion audience does not match the Client app presenting the \
                       assertion. The audience in the assertion was another one.";
        return Err(EntraError::invalid_grant(500_131, message));
    }
    let user = claims.text("scp").and(claims.text("oid"));
    let Some(user) = user else {
        let message = "The on-behalf-of flow works for tokens of users only.";
        return Err(EntraError::invalid_grant(50_027, message));
    };
    let grant = Grant {
        client: token_request.client.id.clone(),
        scopes,
        claims: issue::asked_claims(form)?,
        nonce: None,
    };
    token_request.tokens(&grant, user)
}
