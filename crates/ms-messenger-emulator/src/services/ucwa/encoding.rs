//! The form in which a response goes out: XML, gzip, the other notation of times.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::{
    services::ucwa::{faults::UcwaFault, gzip, routes::Call, xml},
    wire::{clock, request::Request, response::Response},
};

/// Gives a response the form that the client or the fault asks for.
pub(super) fn encode(
    call: &Call,
    request: &Request,
    fault: Option<&UcwaFault>,
    mut response: Response,
) -> Response {
    if fault == Some(&UcwaFault::IsoTimestamps)
        && let Some(mut body) = json_of(&response)
    {
        iso_times(&mut body);
        response.body = Bytes::from(body.to_string());
    }
    if (wants_xml(call, request) || fault == Some(&UcwaFault::Xml))
        && let Some(body) = json_of(&response)
    {
        response.body = Bytes::from(xml::write(&body));
        set(
            &mut response,
            CONTENT_TYPE,
            "application/xml; charset=utf-8",
        );
    }
    if fault == Some(&UcwaFault::Gzip) && !response.body.is_empty() {
        response.body = Bytes::from(gzip::wrap(&response.body));
        set(&mut response, CONTENT_ENCODING, "gzip");
    }
    response
}

fn set(response: &mut Response, name: http::HeaderName, value: &'static str) {
    response
        .headers
        .insert(name, HeaderValue::from_static(value));
}

fn json_of(response: &Response) -> Option<Value> {
    let content_type = response.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !content_type.starts_with("application/json") {
        return None;
    }
    serde_json::from_slice(&response.body).ok()
}

/// The root is XML for requests without `Accept`, for XML and for HTML, as from browsers; the rest is
/// JSON unless only XML is asked for.
fn wants_xml(call: &Call, request: &Request) -> bool {
    let accept = request
        .header("accept")
        .unwrap_or_default()
        .to_ascii_lowercase();
    match call {
        Call::Token => false,
        Call::Root => {
            let is_for_xml = accept.contains("xml") || accept.contains("html");
            accept.trim().is_empty() || (is_for_xml && !accept.contains("json"))
        }
        _ => accept.contains("xml") && !accept.contains("json") && !accept.contains("*/*"),
    }
}

/// Rewrites every `/Date(ms)/` in ISO 8601.
fn iso_times(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(iso) = iso_time(text) {
                *text = iso;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(iso_times),
        Value::Object(members) => members.values_mut().for_each(iso_times),
        _ => {}
    }
}

/// `/Date(ms)/` in ISO 8601.
pub(super) fn iso_time(text: &str) -> Option<String> {
    let ms = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    ms.parse().ok().map(clock::rfc3339_millis)
}
