//! The device code flow: the code, the polls, and the page for the user.

use http::StatusCode;
use serde_json::json;

use crate::{
    services::entra::{
        client,
        error::EntraError,
        form::{self, required, value},
        grants::TokenRequest,
        html, issue, scope,
        settings::EntraApprover,
        state::Entra,
        store::{Decision, Device, Grant},
    },
    wire::{request::Request, response::Response},
};

/// Life of a device code in seconds.
const LIFETIME: u64 = 900;
/// What each `slow_down` adds to the interval, in seconds.
const SLOWER: u64 = 5;
/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Responds to `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(crate) fn begin(
    service: &Entra,
    tenant: &str,
    request: &Request,
    now: u64,
) -> Result<Response, EntraError> {
    form::check_tenant(service, tenant)?;
    let form = form::read(request);
    let client = client::named(service, &form)?;
    let grant = Grant {
        client: client.id,
        scopes: scope::parse(required(&form, "scope")?)?,
        claims: issue::asked_claims(&form)?,
        nonce: None,
    };
    let code = format!(
        "{}{}",
        service.engine.guid().simple(),
        service.engine.guid().simple()
    );
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    let user_code: String = service.engine.guid().as_bytes()[..9]
        .iter()
        .map(letter)
        .collect();
    let interval = service.settings.interval;
    let page = format!("{}/devicelogin", request.origin());
    let body = json!({
        "user_code": user_code,
        "device_code": code,
        "verification_uri": page,
        "expires_in": LIFETIME,
        "interval": interval,
        "message": format!(
            "To sign in, use a web browser to open the page {page} and enter the code \
             {user_code} to authenticate."
        ),
    });
    let decision = match service.settings.approver {
        EntraApprover::AtOnce => Decision::Approved(service.seed.graph.users[0].id.clone()),
        _ => Decision::Pending,
    };
    let device = Device {
        user_code,
        grant,
        decision,
        expires: now + LIFETIME * 1000,
        polled: None,
        interval,
    };
    service.store().devices.insert(code, device);
    service.engine.activity.note_change();
    Ok(Response::json(StatusCode::OK, &body))
}

/// One poll of the token endpoint.
pub(crate) fn poll(token_request: &TokenRequest<'_>) -> Result<Response, EntraError> {
    let code = required(token_request.form, "device_code")?;
    let (grant, user) = decide(token_request, code)?;
    token_request.tokens(&grant, &user)
}

/// What the poll finds: the grant and the user, once.
fn decide(token_request: &TokenRequest<'_>, code: &str) -> Result<(Grant, String), EntraError> {
    let refuse = |error, code, message: &str| Err(EntraError::new(error, code, message));
    let service = token_request.service;
    let mut store = service.store();
    let device = store.devices.get_mut(code);
    let Some(device) = device.filter(|device| device.grant.client == token_request.client.id)
    else {
        let message = "The provided value for the input parameter 'device_code' is not valid.";
        return refuse("bad_verification_code", 70_000, message);
    };
    if device.expires <= token_request.now {
        let message = "The provided value for the input parameter 'device_code' is not valid. \
                       This device code has expired.";
        return refuse("expired_token", 70_020, message);
    }
    let last = device.polled.replace(token_request.now);
    let wait = device.interval * 1000;
    if last.is_some_and(|last| token_request.now < last + wait) {
        device.interval += SLOWER;
        let message = "The device code was polled faster than its interval. Slow down.";
        return refuse("slow_down", 70_016, message);
    }
    match &device.decision {
        Decision::Pending => {
            if service.settings.approver == EntraApprover::AfterFirstPoll {
                let first = &service.seed.graph.users[0];
                device.decision = Decision::Approved(first.id.clone());
                service.engine.activity.note_change();
            }
            let message = "OAuth 2.0 device flow error. Authorization is pending. Continue \
                           polling.";
            refuse("authorization_pending", 70_016, message)
        }
        Decision::Declined => {
            let message = "The end user denied the authorization request.";
            refuse("authorization_declined", 65_004, message)
        }
        Decision::Redeemed => {
            let message = "OAuth2 device code was already redeemed, please retry with a new \
                           valid code.";
            refuse("invalid_grant", 54_005, message)
        }
        Decision::Approved(user) => {
            let user = user.clone();
            device.decision = Decision::Redeemed;
            service.engine.activity.note_change();
            Ok((device.grant.clone(), user))
        }
    }
}

/// Records the decision of the user: an object id, or a refusal. Returns whether the code is still
/// pending (an earlier approval can be changed until the tokens are fetched).
pub(crate) fn settle(service: &Entra, user_code: &str, user: Option<String>, now: u64) -> bool {
    let mut store = service.store();
    let Some(device) = store.device_of(user_code) else {
        return false;
    };
    let is_open = matches!(device.decision, Decision::Pending | Decision::Approved(_));
    if !is_open || device.expires <= now {
        return false;
    }
    device.decision = user.map_or(Decision::Declined, Decision::Approved);
    service.engine.activity.note_change();
    true
}

/// The page at the verification URI: a form, and what became of it.
pub(crate) fn login(service: &Entra, request: &Request, now: u64) -> Response {
    if request.method != http::Method::POST {
        let code = value(&request.query, "user_code").unwrap_or_default();
        return html::device_form(service, code, "");
    }
    let form = form::read(request);
    let code = value(&form, "user_code").unwrap_or_default();
    let is_decline = value(&form, "action") == Some("decline");
    let user = value(&form, "user").and_then(|hint| service.seed.graph_user_like(hint));
    if !is_decline && user.is_none() {
        return html::device_form(service, code, "Choose a user.");
    }
    let user = user.filter(|_| !is_decline).map(|user| user.id.clone());
    if !settle(service, code, user, now) {
        return html::device_form(
            service,
            code,
            "That code didn't work. Check it and try again.",
        );
    }
    html::note(if is_decline {
        "The sign-in was declined. You can close this page."
    } else {
        "You have signed in on your device. You can close this page."
    })
}
