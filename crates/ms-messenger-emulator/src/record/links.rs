//! Absolute links: those of the service lead through the recorder, and back.

use std::net::IpAddr;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, HOST, LINK, LOCATION,
        ORIGIN, REFERER, WWW_AUTHENTICATE,
    },
};
use serde::de::IgnoredAny;

use crate::record::{upstream::Host, words, xml_links::in_xml};

/// Headers of responses with addresses of the service.
const OF_RESPONSES: [HeaderName; 6] = [
    LOCATION,
    CONTENT_LOCATION,
    LINK,
    WWW_AUTHENTICATE,
    HeaderName::from_static("operation-location"),
    HeaderName::from_static("azure-asyncoperation"),
];
/// Headers of requests with the address that the client called.
const OF_REQUESTS: [HeaderName; 3] = [ORIGIN, REFERER, HeaderName::from_static("x-ms-origin")];
/// How a signature by an access key begins: it covers the body.
const SIGNED: &[u8] = b"HMAC-SHA256 ";

/// The origins of one exchange: of the service, and of the recorder as the client called it.
#[derive(Debug)]
pub(crate) struct Links {
    service: [String; 2],
    recorder: [String; 2],
}

impl Links {
    /// `None` if the client called the recorder by a name that is not one of loopback.
    pub(crate) fn new(host: &Host, is_https: bool, request: &HeaderMap, uri: &Uri) -> Option<Self> {
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let named = || request.get(HOST)?.to_str().ok();
        let called = Host::parse(&format!("https://{}", authority.or_else(named)?))?;
        let is_loopback = called.name == "localhost"
            || called.name.parse().is_ok_and(|it: IpAddr| it.is_loopback());
        is_loopback.then(|| Self {
            service: origins(host),
            recorder: origins(&called.with_scheme(is_https)),
        })
    }

    /// Makes links to the recorder those to the service, in what the client sends. A body that is
    /// signed stays as it is.
    pub(crate) fn to_service(&self, headers: &mut HeaderMap, body: &mut Bytes) {
        for name in &OF_REQUESTS {
            replace_in_header(headers, name, &self.recorder, &self.service[0]);
        }
        let authorization = headers.get(AUTHORIZATION);
        if authorization.is_none_or(|it| !it.as_bytes().starts_with(SIGNED)) {
            replace_in_body(headers, body, &self.recorder, &self.service[0]);
        }
    }

    /// Makes links to the service those to the recorder, in the headers that the client gets.
    pub(crate) fn to_recorder(&self, headers: &mut HeaderMap) {
        for name in &OF_RESPONSES {
            replace_in_header(headers, name, &self.service, &self.recorder[0]);
        }
    }

    /// The same in the body.
    pub(crate) fn to_recorder_in_body(&self, headers: &mut HeaderMap, body: &mut Bytes) {
        replace_in_body(headers, body, &self.service, &self.recorder[0]);
    }
}

/// The origin, and the same with its port.
fn origins(host: &Host) -> [String; 2] {
    let scheme = if host.is_https { "https" } else { "http" };
    let authority = host.authority();
    let with_port = if authority.ends_with(&format!(":{}", host.port)) {
        authority.clone()
    } else {
        format!("{authority}:{}", host.port)
    };
    [authority, with_port].map(|it| format!("{scheme}://{it}"))
}

/// Replaces an origin at the beginning of a value, or of a quoted or bracketed part of it.
fn replace_in_header(headers: &mut HeaderMap, name: &HeaderName, from: &[String], to: &str) {
    let values: Vec<HeaderValue> = headers.get_all(name).iter().cloned().collect();
    let mut is_changed = false;
    let values = values.into_iter().map(|value| {
        let changed = value.to_str().ok().and_then(|it| in_header(it, from, to));
        match changed.and_then(|it| HeaderValue::from_str(&it).ok()) {
            Some(changed) => {
                is_changed = true;
                changed
            }
            None => value,
        }
    });
    let values: Vec<HeaderValue> = values.collect();
    if is_changed {
        headers.remove(name);
        for value in values {
            headers.append(name, value);
        }
    }
}

fn in_header(value: &str, from: &[String], to: &str) -> Option<String> {
    let mut made = String::with_capacity(value.len());
    let mut rest = value;
    let mut is_changed = false;
    let mut is_start = true;
    while let Some(first) = rest.chars().next() {
        if is_start && let Some(after) = after_origin(rest.as_bytes(), from) {
            made.push_str(to);
            rest = &rest[rest.len() - after.len()..];
            (is_changed, is_start) = (true, false);
            continue;
        }
        is_start = matches!(first, '"' | '<' | '=' | ' ');
        made.push(first);
        rest = &rest[first.len_utf8()..];
    }
    is_changed.then_some(made)
}

/// The form of a body that may have links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    Json,
    Xml,
}

impl Markup {
    /// By the type of the body; `None` if it has no links that clients follow.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let kind = kind.to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match kind.rsplit(['/', '+']).next() {
            Some("json") => Some(Self::Json),
            // Not what is drawn: `image/svg+xml`.
            Some("xml") if !kind.starts_with("image/") => Some(Self::Xml),
            _ => None,
        }
    }
}

fn replace_in_body(headers: &mut HeaderMap, body: &mut Bytes, from: &[String], to: &str) {
    let changed = match Markup::of(headers) {
        Some(Markup::Json) => in_json(body, from, to),
        Some(Markup::Xml) => in_xml(body, from, to),
        None => None,
    };
    let Some(changed) = changed else {
        return;
    };
    *body = changed.into();
    if headers.contains_key(CONTENT_LENGTH) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
}

/// The text with the origin of each string that is an address replaced, byte for byte the same
/// otherwise; `None` if there is none. Texts of people stay as they are.
fn in_json(text: &[u8], from: &[String], to: &str) -> Option<Vec<u8>> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    let mut made = Vec::with_capacity(text.len());
    let (mut is_changed, mut is_text) = (false, false);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte != b'"' {
            made.push(*byte);
            at += 1;
            continue;
        }
        let end = end_of_string(text, at)?;
        let content = text.get(at + 1..end - 1)?;
        let next = text.get(end..)?.iter().find(|it| !it.is_ascii_whitespace());
        let after = after_origin(content, from).filter(|_| !is_text);
        if next == Some(&b':') {
            is_text = std::str::from_utf8(content).is_ok_and(words::is_text);
            made.extend_from_slice(text.get(at..end)?);
        } else if let Some(after) = after {
            made.push(b'"');
            made.extend_from_slice(to.as_bytes());
            made.extend_from_slice(after);
            made.push(b'"');
            is_changed = true;
        } else {
            made.extend_from_slice(text.get(at..end)?);
        }
        at = end;
    }
    is_changed.then_some(made)
}

/// Where a string ends that begins there, behind its closing quote.
fn end_of_string(text: &[u8], begin: usize) -> Option<usize> {
    let mut at = begin + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// What follows one of these origins, if the text begins with it and it ends there: `a.example` is
/// not that of `a.example.org`. A slash may be escaped, as JSON permits.
pub(crate) fn after_origin<'t>(text: &'t [u8], origins: &[String]) -> Option<&'t [u8]> {
    let after = origins.iter().filter_map(|origin| strip(text, origin));
    let mut after = after.filter(|rest| match rest {
        [] | [b'/' | b'?' | b'#' | b'"' | b'>' | b',' | b' ', ..] => true,
        [b'\\', next, ..] => *next == b'/',
        _ => false,
    });
    after.next()
}

fn strip<'t>(text: &'t [u8], origin: &str) -> Option<&'t [u8]> {
    let mut rest = text;
    for wanted in origin.bytes() {
        if wanted == b'/' && rest.first() == Some(&b'\\') {
            rest = rest.get(1..)?;
        }
        let (first, others) = rest.split_first()?;
        if !first.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        rest = others;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDER: &str = "http://127.0.0.1:8412";

    fn graph() -> [String; 2] {
        ["https://graph.example", "https://graph.example:443"].map(str::to_owned)
    }

    fn rewritten(json: &str) -> Option<String> {
        in_json(json.as_bytes(), &graph(), RECORDER).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn links_are_rewritten_and_every_other_byte_stays() {
        let before = r#"{ "@odata.nextLink" : "https://graph.example/v1.0/x?$skip=2",  "a":[1.50,"https://GRAPH.example:443/y","https:\/\/graph.example\/z","https://graph.example"],"é":"\"é\\" }"#;
        let after = r#"{ "@odata.nextLink" : "http://127.0.0.1:8412/v1.0/x?$skip=2",  "a":[1.50,"http://127.0.0.1:8412/y","http://127.0.0.1:8412\/z","http://127.0.0.1:8412"],"é":"\"é\\" }"#;
        assert_eq!(rewritten(before).as_deref(), Some(after));
    }

    #[test]
    fn other_origins_texts_and_names_stay() {
        for json in [
            r#"{"nextLink":"https://graph.example.org/x"}"#,
            r#"{"nextLink":"https://graph.example:8443/x"}"#,
            r#"{"nextLink":"http://graph.example/x"}"#,
            r#"{"nextLink":"https://user@graph.example/x"}"#,
            r#"{"nextLink":"see https://graph.example/x"}"#,
            r#"{"body":{"content":"https://graph.example/x"}}"#,
            r#"{"https://graph.example/x":1}"#,
            r#"{"nextLink":"https://graph.example/x""#,
            r#""\"#,
            "",
        ] {
            assert_eq!(rewritten(json), None, "{json}");
        }
    }

    #[test]
    fn headers_have_their_addresses_rewritten() {
        let of = |value: &str| in_header(value, &graph(), RECORDER);
        let ticket = r#"MsRtcOAuth href="https://graph.example/ticket",grant_type="password""#;
        let expected = r#"MsRtcOAuth href="http://127.0.0.1:8412/ticket",grant_type="password""#;
        assert_eq!(of(ticket).as_deref(), Some(expected));
        assert_eq!(
            of("https://graph.example/v1.0/x").as_deref(),
            Some("http://127.0.0.1:8412/v1.0/x")
        );
        assert_eq!(of("https://graph.example.org/x"), None);
        assert_eq!(of("/v1.0?x=https://graph.examples/y"), None);
    }

    proptest::proptest! {
        #[test]
        fn hostile_bodies_neither_panic_nor_stop_being_json(text in ".{0,80}", raw in proptest::collection::vec(0_u8.., 0..80)) {
            let _ = in_json(&raw, &graph(), RECORDER);
            let json = serde_json::json!({"link": format!("https://graph.example/{text}"), "x": text.clone()}).to_string();
            let made = rewritten(&json).unwrap();
            let made: serde_json::Value = serde_json::from_str(&made).unwrap();
            proptest::prop_assert_eq!(&made["link"], &serde_json::json!(format!("{RECORDER}/{text}")));
            proptest::prop_assert_eq!(&made["x"], &serde_json::json!(text));
        }
    }
}
