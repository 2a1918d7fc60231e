//! Web tickets: the token endpoint, and the user of a ticket.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;

use crate::{
    services::ucwa::{
        faults::UcwaFault,
        responses::{Reply, challenge, diagnosed, refusal, token_refusal, wrong_pool},
        ticket::{Caller, Ticket},
        transaction::Tx,
    },
    wire::{
        request::{Query, Request},
        response::Response,
    },
};

/// Life of a user's ticket and of a guest's, seconds.
const USER_LIFE: u64 = 8 * 3600;
const GUEST_LIFE: u64 = 3600;
/// The newest revision of resources that there is.
const REVISION: u64 = 2;

fn bearer(request: &Request) -> &str {
    let authorization = request.header("authorization").unwrap_or_default();
    let (scheme, token) = authorization.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        token.trim()
    } else {
        ""
    }
}

impl Tx<'_> {
    /// Lets the ticket of a request count at the host that issued it only.
    pub(super) fn bind_ticket(&mut self, request: &Request) {
        let token = bearer(request);
        if let Some(ticket) = self.store.tickets.get_mut(token) {
            ticket.bound_to = Some(ticket.issuer.clone());
            self.keep_ticket(token);
        }
    }

    /// Who sends the request, or the challenge.
    pub(super) fn authenticate(
        &mut self,
        request: &Request,
        fault: Option<&UcwaFault>,
    ) -> Reply<Caller> {
        let token = bearer(request);
        if fault == Some(&UcwaFault::ExpireTicket) {
            self.store.tickets.remove(token);
            self.keep_ticket(token);
        }
        let now = self.service.clock.now();
        let valid = |ticket: &&mut Ticket| ticket.expires > now;
        let Some(ticket) = self.store.tickets.get_mut(token).filter(valid) else {
            return Err(challenge(request, fault));
        };
        let is_moved = fault == Some(&UcwaFault::WrongPool);
        if is_moved {
            ticket.bound_to = Some("another pool".to_owned());
        }
        let bound_to = ticket.bound_to.as_ref();
        let is_elsewhere = bound_to.is_some_and(|host| host != request.host());
        let caller = ticket.caller.clone();
        if is_moved {
            self.keep_ticket(token);
        }
        if is_elsewhere {
            return Err(wrong_pool(request));
        }
        let revision = request.header("x-ms-requiresminresourceversion");
        let revision = revision.and_then(|text| text.trim().parse::<u64>().ok());
        if revision.is_some_and(|revision| revision > REVISION) {
            let message = "No resource has that revision.";
            return Err(refusal(
                StatusCode::NOT_FOUND,
                "APIVersionNotSupported",
                message,
            ));
        }
        Ok(caller)
    }

    /// POST of the token endpoint.
    pub(super) fn token(&mut self, request: &Request) -> Response {
        let Some(form) = form(request) else {
            return token_refusal("invalid_request", Map::new());
        };
        match form.value("grant_type") {
            Some("password") => self.password(request, &form),
            Some("urn:microsoft.rtc:anonmeeting") => self.guest(request, &form),
            Some("urn:microsoft.rtc:windows") => negotiate(),
            Some("urn:microsoft.rtc:passive") => passive(request),
            Some(_) => {
                let reason = "Authentication type not allowed.";
                with_diagnostics(
                    token_refusal("unsupported_grant_type", Map::new()),
                    request,
                    28_029,
                    reason,
                )
            }
            None => token_refusal("invalid_request", Map::new()),
        }
    }

    fn password(&mut self, request: &Request, form: &Query) -> Response {
        let (Some(username), Some(password)) = (form.value("username"), form.value("password"))
        else {
            return token_refusal("invalid_request", Map::new());
        };
        let name = username.trim().to_ascii_lowercase();
        let users = &self.service.seed.ucwa.users;
        let is_named = |upn: &str| {
            let account = upn.split('@').next().unwrap_or_default();
            let domain = name
                .strip_suffix(account)
                .and_then(|d| d.strip_suffix('\\'));
            name == upn || domain.is_some_and(|domain| !domain.contains('@'))
        };
        let is_right = |known: &str| bool::from(known.as_bytes().ct_eq(password.as_bytes()));
        let found = users
            .iter()
            .find(|user| is_named(&user.username) && is_right(&user.password));
        let Some(user) = found else {
            let reason = "The username or password is incorrect.";
            let response = token_refusal("invalid_grant", Map::new());
            return with_diagnostics(response, request, 28_020, reason);
        };
        let caller = Caller {
            sip: user.sip.clone(),
            name: user.name.clone(),
            is_anonymous: false,
        };
        self.issue(request, caller, USER_LIFE)
    }

    /// A guest of one meeting: the password is the last part of its address.
    fn guest(&mut self, request: &Request, form: &Query) -> Response {
        let uri = form.value("ms_rtc_conferenceuri").unwrap_or_default();
        let key = form.value("password").unwrap_or_default();
        let id = uri.rsplit_once("app:conf:focus:id:").map(|(_, id)| id);
        if key.is_empty() || !id.is_some_and(|id| id.eq_ignore_ascii_case(key)) {
            return token_refusal("invalid_grant", Map::new());
        }
        let renewed = form.value("ms_rtc_renew");
        let caller = match renewed.map(|token| self.store.tickets.get(token)) {
            Some(Some(ticket)) if ticket.caller.is_anonymous => ticket.caller.clone(),
            Some(_) => return token_refusal("invalid_grant", Map::new()),
            None => Caller {
                sip: format!("sip:guest-{}@contoso.test", &self.id()[..8]),
                name: "Guest".to_owned(),
                is_anonymous: true,
            },
        };
        self.issue(request, caller, GUEST_LIFE)
    }

    fn issue(&mut self, request: &Request, caller: Caller, life: u64) -> Response {
        let now = self.service.clock.now();
        self.store.tickets.retain(|_, ticket| ticket.expires > now);
        let life = self.service.settings.seconds(life);
        let bytes = [
            self.service.engine.guid().into_bytes(),
            self.service.engine.guid().into_bytes(),
        ]
        .concat();
        let token = format!("cwt=AAEB{}", URL_SAFE_NO_PAD.encode(bytes));
        let ticket = Ticket {
            caller,
            expires: now + life,
            bound_to: None,
            issuer: request.host().to_owned(),
        };
        self.store.tickets.insert(token.clone(), ticket);
        self.keep_ticket(&token);
        let body = json!({
            "access_token": token,
            "expires_in": life.as_secs().max(1),
            "ms_rtc_identityscope": "local",
            "token_type": "Bearer",
        });
        let mut response = Response::json(StatusCode::OK, &body);
        let plain = HeaderValue::from_static("application/json");
        response.headers.insert(CONTENT_TYPE, plain);
        response.with_header("cache-control", "no-store")
    }
}

/// Windows sign-in happens in the HTTP handshake, which the emulator does not know.
fn negotiate() -> Response {
    let mut response = Response::empty(StatusCode::UNAUTHORIZED);
    for scheme in ["Negotiate", "NTLM"] {
        let name = HeaderName::from_static("www-authenticate");
        response
            .headers
            .append(name, HeaderValue::from_static(scheme));
    }
    response
}

fn passive(request: &Request) -> Response {
    let uri = format!("{}/PassiveAuth/PassiveAuth.aspx", request.origin());
    let mut more = Map::new();
    more.insert("ms_rtc_passiveauthuri".to_owned(), Value::from(uri));
    let reason = "No valid security token.";
    with_diagnostics(
        token_refusal("invalid_grant", more),
        request,
        28_020,
        reason,
    )
}

fn with_diagnostics(response: Response, request: &Request, number: u32, reason: &str) -> Response {
    let line = diagnosed(response.status, number, request.host(), reason);
    match line
        .headers
        .get("x-ms-diagnostics")
        .and_then(|v| v.to_str().ok())
    {
        Some(line) => response.with_header("x-ms-diagnostics", line),
        None => response,
    }
}

/// The form of a request: URL-encoded, or multipart.
fn form(request: &Request) -> Option<Query> {
    let content_type = request.header("content-type").unwrap_or_default();
    let text = std::str::from_utf8(&request.body).ok()?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Some(Query::parse(text.trim()));
    }
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let delimiter = format!("--{boundary}");
    let parts = text.split(delimiter.as_str()).filter_map(part);
    Some(Query::from_pairs(parts.collect()))
}

/// Name and value of one part of a multipart form.
fn part(part: &str) -> Option<(String, String)> {
    let (head, value) = part.trim_start_matches("\r\n").split_once("\r\n\r\n")?;
    let disposition = head.lines().find(|line| {
        line.to_ascii_lowercase()
            .starts_with("content-disposition:")
    })?;
    let (_, name) = disposition.split_once("name=")?;
    let name = name.split(';').next()?.trim().trim_matches('"');
    let value = value.strip_suffix("\r\n").unwrap_or(value);
    Some((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(content_type: &str, body: &str) -> Option<Query> {
        let request =
            http::Request::post("/WebTicket/oauthtoken").header(CONTENT_TYPE, content_type);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        form(&Request::new(parts, body.to_owned().into(), "localhost"))
    }

    #[test]
    fn both_kinds_of_form_are_read() {
        let plain = posted(
            "application/x-www-form-urlencoded;charset='utf-8'",
            "a=1%2B1&b=x+y",
        )
        .unwrap();
        assert_eq!(
            (plain.value("a"), plain.value("b")),
            (Some("1+1"), Some("x y"))
        );
        let body = "--q\r\nContent-Disposition: form-data; name=a\r\nX: y\r\n\r\n1+1\r\n--q--";
        let parts = posted("multipart/form-data; boundary=\"q\"", body).unwrap();
        assert_eq!(parts.value("a"), Some("1+1"));
        assert!(posted("multipart/form-data", body).is_none());
    }

    proptest::proptest! {
        #[test]
        fn hostile_forms_do_not_panic(body in "(?s).{0,120}") {
            let _ = posted("multipart/form-data; boundary=-", &body);
            let _ = posted("text/plain", &body);
        }
    }
}
