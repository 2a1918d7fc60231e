//! Refusals and other responses in UCWA's own form.

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};

use crate::{
    services::ucwa::{faults::UcwaFault, state::Ucwa},
    wire::{request::Request, response::Response},
};

/// What an operation gives, or the refusal.
pub(super) type Reply<T = Response> = Result<T, Box<Response>>;

const TROUBLE: &str =
    "An error occurred. Please retry. If the problem persists, contact your support team.";

/// A refusal with the service's error body.
pub(super) fn refusal(status: StatusCode, subcode: &str, message: &str) -> Box<Response> {
    let code = code_of(status);
    let mut body = json!({"code": code, "message": message});
    if !subcode.is_empty() {
        body["subcode"] = subcode.into();
    }
    Box::new(Response::json(status, &body))
}

/// 400 for a parameter that breaks its rule.
pub(super) fn bad_parameter(name: &str, rule: &str) -> Box<Response> {
    Box::new(Response::json(
        StatusCode::BAD_REQUEST,
        &json!({
            "code": "BadRequest",
            "subcode": "ParameterValidationFailure",
            "message": "Please check what you entered and try again.",
            "parameters": {name: rule},
        }),
    ))
}

/// 404 for something that is not there, or not any more.
pub(super) fn not_found() -> Box<Response> {
    refusal(StatusCode::NOT_FOUND, "ResourceNotFound", TROUBLE)
}

/// 404 for the application itself.
pub(super) fn no_application() -> Box<Response> {
    refusal(StatusCode::NOT_FOUND, "ApplicationNotFound", TROUBLE)
}

/// 409 with a subcode.
pub(super) fn conflict(subcode: &str) -> Box<Response> {
    let message = match subcode {
        "AlreadyExists" => "The requested resource already exists. Please wait and try again.",
        "None" => "There was a conflict that prevented the operation from starting.",
        _ => TROUBLE,
    };
    refusal(StatusCode::CONFLICT, subcode, message)
}

/// A refusal of the web layer: an empty body and a line of diagnostics.
pub(super) fn diagnosed(
    status: StatusCode,
    number: u32,
    host: &str,
    reason: &str,
) -> Box<Response> {
    let server = host.split(':').next().unwrap_or_default();
    let line = format!("{number};source=\"{server}\";reason=\"{reason}\"");
    let body = html(status);
    Box::new(body.with_header("x-ms-diagnostics", &line))
}

/// 500 for a ticket of another pool.
pub(super) fn wrong_pool(request: &Request) -> Box<Response> {
    let reason = "The web ticket is invalid.";
    diagnosed(
        StatusCode::INTERNAL_SERVER_ERROR,
        28_032,
        request.host(),
        reason,
    )
}

fn html(status: StatusCode) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let page = format!(
        "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    );
    Response::bytes(status, "text/html", Bytes::from(page))
}

/// 401 with the challenges, as plain as the fault wants them.
pub(super) fn challenge(request: &Request, fault: Option<&UcwaFault>) -> Box<Response> {
    let bearer = "Bearer trusted_issuers=\"00000002-0000-0ff1-ce00-000000000000@contoso.test\", \
                  client_id=\"00000004-0000-0ff1-ce00-000000000000\"";
    let quote = match fault {
        Some(UcwaFault::UnquotedChallenge) => "",
        _ => "\"",
    };
    let ticket = format!(
        "MsRtcOAuth href={quote}{}/WebTicket/oauthtoken{quote},\
         grant_type=\"urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password\"",
        request.origin()
    );
    let mut response = html(StatusCode::UNAUTHORIZED);
    let lines = match fault {
        Some(UcwaFault::MergedChallenge) => vec![format!("{bearer}, {ticket}")],
        _ => vec![bearer.to_owned(), ticket],
    };
    append(&mut response.headers, "www-authenticate", &lines);
    Box::new(response.with_header("x-content-type-options", "nosniff"))
}

fn append(headers: &mut HeaderMap, name: &'static str, lines: &[String]) {
    for line in lines {
        if let Ok(value) = HeaderValue::from_str(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

/// The platform's own body for a bare status.
pub(crate) fn status_error(
    service: &Ucwa,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    let response = match status {
        StatusCode::UNAUTHORIZED => *challenge(request, None),
        // These come from the proxies in front, which speak HTML.
        StatusCode::BAD_GATEWAY => html(status),
        _ if request.path().to_ascii_lowercase().contains("webticket") => {
            let error = if status.is_server_error() {
                "server_error"
            } else {
                "invalid_request"
            };
            Response {
                status,
                ..token_refusal(error, Map::new())
            }
        }
        _ => *refusal(status, "", message),
    };
    with_server(service, request, response)
}

/// Adds what every response of the front end carries.
pub(super) fn with_server(service: &Ucwa, request: &Request, response: Response) -> Response {
    let server = request.host().split(':').next().unwrap_or_default();
    response
        .with_header("x-ms-server-fqdn", server)
        .with_header(
            "x-ms-correlation-id",
            &service.engine.response_id().to_string(),
        )
        .with_header("x-ms-ucwaversion", "2.0")
        .with_header("cache-control", "no-cache")
}

/// 201 without a body.
pub(super) fn created(location: &str) -> Response {
    Response::empty(StatusCode::CREATED).with_header("location", location)
}

/// 204.
pub(super) fn done() -> Response {
    Response::empty(StatusCode::NO_CONTENT)
}

/// 200 with a resource.
pub(super) fn resource(body: &Value) -> Response {
    Response::json(StatusCode::OK, body)
}

/// A token endpoint's refusal (RFC 6749).
pub(super) fn token_refusal(error: &str, more: Map<String, Value>) -> Response {
    let mut body = more;
    body.insert("error".to_owned(), error.into());
    let mut response = Response::json(StatusCode::BAD_REQUEST, &body.into());
    response.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json;charset=UTF-8"),
    );
    response
}

const fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "ClientTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "EntityTooLarge",
        415 => "UnsupportedMediaType",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        400..=499 => "BadRequest",
        _ => "ServiceFailure",
    }
}
