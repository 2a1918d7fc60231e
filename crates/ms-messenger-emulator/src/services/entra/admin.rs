//! `POST /_emulator/entra/…`: a test acts for the user and for the administrator.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    services::entra::{
        device,
        state::Entra,
        store::{Decision, Device},
    },
    wire::{clock, request::Request, response::Response},
};

/// So many sign-ins are listed.
const MOST: usize = 100;

/// Responds to `sign-ins`, `approve`, `decline`, `revoke` and `expire`; `None` for another name.
pub(crate) fn handle(service: &Entra, name: &str, request: &Request) -> Option<Response> {
    if name == "sign-ins" {
        return Some(match request.method {
            Method::GET => sign_ins(service),
            _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "Use GET.").with_header("allow", "GET"),
        });
    }
    if !["approve", "decline", "revoke", "expire"].contains(&name) {
        return None;
    }
    if request.method != Method::POST {
        let response = refuse(StatusCode::METHOD_NOT_ALLOWED, "Use POST.");
        return Some(response.with_header("allow", "POST"));
    }
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(_) => return Some(bad("The body is not JSON.")),
    };
    let known: &[&str] = match name {
        "approve" | "decline" => &["user_code", "user"],
        "revoke" => &["user", "refresh_token", "all"],
        _ => &["user_code", "code", "all"],
    };
    if let Some(problem) = problem(&body, known) {
        return Some(bad(&problem));
    }
    Some(match name {
        "approve" | "decline" => decide(service, &body, name == "approve"),
        "revoke" => revoke(service, &body),
        _ => expire(service, &body),
    })
}

/// What is wrong with the members: each is a string, but `all` is true or false.
fn problem(body: &Value, known: &[&str]) -> Option<String> {
    let Some(members) = body.as_object() else {
        return Some("the body must be an object".to_owned());
    };
    members.iter().find_map(|(name, value)| {
        if !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Some(format!("{name}: is unknown here; known: {known}"));
        }
        match value {
            Value::Bool(_) if name == "all" => None,
            _ if name == "all" => Some("all: must be true or false".to_owned()),
            Value::String(_) => None,
            _ => Some(format!("{name}: must be a string")),
        }
    })
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let code = match status {
        StatusCode::NOT_FOUND => "NotFound",
        StatusCode::METHOD_NOT_ALLOWED => "MethodNotAllowed",
        _ => "InvalidEntraRequest",
    };
    Response::json(
        status,
        &json!({"error": {"code": code, "message": message}}),
    )
}

fn bad(message: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, message)
}

/// The device sign-ins whose tokens were not fetched, the next to expire first, and the users that can
/// approve them.
fn sign_ins(service: &Entra) -> Response {
    let now = service.engine.now_ms();
    let store = service.store();
    let is_open = |device: &&Device| {
        let is_settled = matches!(device.decision, Decision::Redeemed | Decision::Declined);
        !is_settled && device.expires > now
    };
    let mut open: Vec<&Device> = store.devices.values().filter(is_open).collect();
    open.sort_by(|a, b| (a.expires, &a.user_code).cmp(&(b.expires, &b.user_code)));
    let entry = |device: &&Device| {
        let (state, user) = match &device.decision {
            Decision::Approved(user) => ("approved", Some(user)),
            _ => ("pending", None),
        };
        let user = user.and_then(|user| service.seed.graph_user_like(user));
        json!({
            "user_code": device.user_code,
            "state": state,
            "user": user.map(|user| &user.upn),
            "client": device.grant.client,
            "scopes": device.grant.scopes.granted(),
            "expires_at": clock::rfc3339_millis(device.expires),
        })
    };
    let users = service.seed.graph.users.iter();
    let document = json!({
        "sign_ins": open.iter().take(MOST).map(entry).collect::<Vec<Value>>(),
        "users": users.map(|user| user.upn.as_str()).collect::<Vec<&str>>(),
    });
    Response::json(StatusCode::OK, &document)
}

/// `{"user_code": …, "user": object id or UPN}`; the first seeded user when none is named.
fn decide(service: &Entra, body: &Value, approves: bool) -> Response {
    let Some(code) = body["user_code"].as_str() else {
        return bad("user_code: is required and must be a string");
    };
    let first = &service.seed.graph.users[0].upn;
    let hint = body["user"].as_str().unwrap_or(first);
    let Some(user) = service.seed.graph_user_like(hint) else {
        return bad("user: is not a seeded user");
    };
    let user = approves.then(|| user.id.clone());
    if !device::settle(service, code, user, service.engine.now_ms()) {
        return refuse(StatusCode::NOT_FOUND, "No such user code waits.");
    }
    Response::empty(StatusCode::NO_CONTENT)
}

/// `{"user": …}`, `{"refresh_token": …}` or `{"all": true}`; returns how many were revoked.
fn revoke(service: &Entra, body: &Value) -> Response {
    let (user, token) = (body["user"].as_str(), body["refresh_token"].as_str());
    let is_all = body["all"] == true;
    if user.is_none() && token.is_none() && !is_all {
        return bad("one of user, refresh_token and all is required");
    }
    let user = match user.map(|hint| service.seed.graph_user_like(hint)) {
        Some(None) => return bad("user: is not a seeded user"),
        found => found.flatten().map(|user| user.id.as_str()),
    };
    let mut revoked = 0;
    let mut store = service.store();
    for (text, refresh) in &mut store.refresh {
        let is_meant = is_all || user == Some(&refresh.user) || token == Some(text);
        if is_meant && !refresh.is_revoked {
            refresh.is_revoked = true;
            revoked += 1;
        }
    }
    Response::json(StatusCode::OK, &json!({"revoked": revoked}))
}

/// `{"user_code": …}`, `{"code": …}` or `{"all": true}`: device and authorization codes end now.
fn expire(service: &Entra, body: &Value) -> Response {
    let (user_code, code) = (body["user_code"].as_str(), body["code"].as_str());
    let is_all = body["all"] == true;
    if user_code.is_none() && code.is_none() && !is_all {
        return bad("one of user_code, code and all is required");
    }
    let mut expired = 0;
    let mut store = service.store();
    for device in store.devices.values_mut() {
        if is_all || user_code == Some(&device.user_code) {
            device.expires = 0;
            expired += 1;
        }
    }
    for (text, kept) in &mut store.codes {
        if is_all || code == Some(text) {
            kept.expires = 0;
            expired += 1;
        }
    }
    drop(store);
    service.engine.activity.note_change();
    Response::json(StatusCode::OK, &json!({"expired": expired}))
}
