//! The form in which an answer goes out: XML, gzip, the other notation of times.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::gzip;
use super::routes::Call;
use super::xml;
use crate::answer::Answer;
use crate::clock;
use crate::faults::UcwaFault;
use crate::inbound::Inbound;

/// Gives an answer the form that the client or the fault asks for.
pub(super) fn dress(
    call: &Call,
    inbound: &Inbound,
    fault: Option<&UcwaFault>,
    mut answer: Answer,
) -> Answer {
    if fault == Some(&UcwaFault::IsoTimestamps)
        && let Some(mut body) = json_of(&answer)
    {
        iso_times(&mut body);
        answer.body = Bytes::from(body.to_string());
    }
    if (wants_xml(call, inbound) || fault == Some(&UcwaFault::Xml))
        && let Some(body) = json_of(&answer)
    {
        answer.body = Bytes::from(xml::write(&body));
        set(&mut answer, CONTENT_TYPE, "application/xml; charset=utf-8");
    }
    if fault == Some(&UcwaFault::Gzip) && !answer.body.is_empty() {
        answer.body = Bytes::from(gzip::wrap(&answer.body));
        set(&mut answer, CONTENT_ENCODING, "gzip");
    }
    answer
}

fn set(answer: &mut Answer, name: http::HeaderName, value: &'static str) {
    answer.headers.insert(name, HeaderValue::from_static(value));
}

fn json_of(answer: &Answer) -> Option<Value> {
    let content_type = answer.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !content_type.starts_with("application/json") {
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}

/// The root is XML for those who ask for nothing, for XML or for HTML, as browsers do; the rest is
/// JSON unless only XML is asked for.
fn wants_xml(call: &Call, inbound: &Inbound) -> bool {
    let accept = inbound
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
