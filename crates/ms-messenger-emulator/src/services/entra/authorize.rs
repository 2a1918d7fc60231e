//! The authorize endpoint, and the redemption of its codes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    services::entra::{
        client,
        error::EntraError,
        form::{self, required, value},
        grants::TokenRequest,
        html, issue, redirect, scope,
        settings::EntraApprover,
        state::Entra,
        store::{Code, Grant},
    },
    wire::{
        request::{Query, Request},
        response::Response,
    },
};

/// Life of a code in milliseconds.
const LIFETIME_MS: u64 = 600_000;

/// Responds to `GET` (and the page's own `POST`) of `/{tenant}/oauth2/v2.0/authorize`.
///
/// What is wrong with the application or the redirect URI is shown; the rest is redirected.
pub(crate) fn handle(service: &Entra, tenant: &str, request: &Request, now: u64) -> Response {
    let query = &request.query;
    let uri = match destination(service, tenant, query) {
        Ok(uri) => uri,
        Err(error) => return html::refusal(&error.headline()),
    };
    let mode = value(query, "response_mode");
    let mut fields = match sign_in(service, request, uri, now) {
        Ok(Next::Page) => return html::user_form(service, &request.target),
        Ok(Next::Code(code)) => vec![("code", code)],
        Err(error) => vec![
            ("error", error.error.clone()),
            ("error_description", error.headline()),
        ],
    };
    if let Some(state) = query.value("state") {
        fields.push(("state", state.to_owned()));
    }
    redirect::response(uri, mode, &fields)
}

enum Next {
    /// A user must choose first.
    Page,
    Code(String),
}

fn destination<'a>(service: &Entra, tenant: &str, query: &'a Query) -> Result<&'a str, EntraError> {
    form::check_tenant(service, tenant)?;
    let client = client::named(service, query)?;
    let uri = required(query, "redirect_uri")?;
    if redirect::without_port(uri).is_none() {
        let message = format!(
            "The redirect URI '{uri}' specified in the request does not match the redirect URIs \
             configured for the application '{}'.",
            client.id
        );
        return Err(EntraError::new("invalid_request", 50_011, message));
    }
    Ok(uri)
}

fn sign_in(service: &Entra, request: &Request, uri: &str, now: u64) -> Result<Next, EntraError> {
    let query = &request.query;
    let kind = required(query, "response_type")?;
    if kind != "code" {
        let message = format!("The response type '{kind}' is not supported here.");
        return Err(EntraError::new(
            "unsupported_response_type",
            70_005,
            message,
        ));
    }
    let grant = Grant {
        client: client::named(service, query)?.id,
        scopes: scope::parse(required(query, "scope")?)?,
        claims: issue::asked_claims(query)?,
        nonce: value(query, "nonce").map(str::to_owned),
    };
    let challenge = challenge(query)?;
    let is_manual = service.settings.approver == EntraApprover::Manual;
    let form = form::read(request);
    let chosen = value(&form, "user");
    if value(&form, "action") == Some("decline") {
        let message = "The user has denied access to the scope requested by the client app.";
        return Err(EntraError::new("access_denied", 65_004, message));
    }
    if is_manual && chosen.is_none() {
        if value(query, "prompt") == Some("none") {
            let message = "Silent sign-in request was sent but no user is signed in.";
            return Err(EntraError::new("login_required", 50_058, message));
        }
        return Ok(Next::Page);
    }
    let first = &service.seed.graph.users[0].upn;
    let hint = chosen
        .or_else(|| value(query, "login_hint"))
        .unwrap_or(first);
    let Some(user) = service.seed.graph_user_like(hint) else {
        let message = format!("The user account {hint} does not exist in the directory.");
        return Err(EntraError::new("login_required", 50_034, message));
    };
    let code = format!(
        "1.{}{}",
        service.engine.guid().simple(),
        service.engine.guid().simple()
    );
    let kept = Code {
        grant,
        user: user.id.clone(),
        redirect_uri: uri.to_owned(),
        challenge,
        expires: now + LIFETIME_MS,
        is_used: false,
    };
    service.store().codes.insert(code.clone(), kept);
    Ok(Next::Code(code))
}

/// The challenge, and whether it is of S256 (else plain).
fn challenge(query: &Query) -> Result<Option<(String, bool)>, EntraError> {
    let Some(challenge) = value(query, "code_challenge") else {
        return Ok(None);
    };
    let is_s256 = match value(query, "code_challenge_method") {
        Some("S256") => true,
        None | Some("plain") => false,
        Some(other) => {
            let message = format!("The code_challenge_method '{other}' is not supported.");
            return Err(EntraError::new("invalid_request", 501_481, message));
        }
    };
    Ok(Some((challenge.to_owned(), is_s256)))
}

/// Redeems a code, once, for the application, the redirect URI and the verifier that belong to it.
pub(crate) fn redeem(token_request: &TokenRequest<'_>) -> Result<Response, EntraError> {
    let text = required(token_request.form, "code")?;
    let uri = required(token_request.form, "redirect_uri")?;
    let code = {
        let mut store = token_request.service.store();
        let found = store.codes.get_mut(text);
        let found = found.filter(|code| code.grant.client == token_request.client.id);
        let Some(code) = found else {
            let message = "The provided authorization code is invalid.";
            return Err(EntraError::invalid_grant(70_000, message));
        };
        if code.is_used {
            let message = "OAuth2 Authorization code was already redeemed, please retry with a \
                           new valid code or use an existing refresh token.";
            return Err(EntraError::invalid_grant(54_005, message));
        }
        if code.expires <= token_request.now {
            let message = "The provided authorization code or refresh token has expired due to \
                           inactivity. Send a new interactive authorization request.";
            return Err(EntraError::invalid_grant(70_008, message));
        }
        if redirect::without_port(uri) != redirect::without_port(&code.redirect_uri) {
            let message = "The reply URL specified in the request does not match the one of the \
                           authorization request.";
            return Err(EntraError::invalid_grant(50_112, message));
        }
        check_verifier(code, value(token_request.form, "code_verifier"))?;
        code.is_used = true;
        code.clone()
    };
    let grant = token_request.renewed(code.grant)?;
    token_request.tokens(&grant, &code.user)
}

fn check_verifier(code: &Code, verifier: Option<&str>) -> Result<(), EntraError> {
    let Some((challenge, is_s256)) = &code.challenge else {
        return Ok(());
    };
    let verifier = verifier.unwrap_or_default();
    let made = if *is_s256 {
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
    } else {
        verifier.to_owned()
    };
    let has_length = (43..=128).contains(&verifier.len());
    if has_length && bool::from(made.as_bytes().ct_eq(challenge.as_bytes())) {
        return Ok(());
    }
    let message = "The Code_Verifier does not match the code_challenge supplied in the \
                   authorization request.";
    Err(EntraError::invalid_grant(501_481, message))
}
