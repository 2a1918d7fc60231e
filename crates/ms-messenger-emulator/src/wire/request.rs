//! A request as the emulator received it.

use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, HOST},
    request,
};
use percent_encoding::percent_decode_str;

use crate::wire::path::path_of;

/// A request as the emulator received it: method, raw target, headers and the whole body.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    /// Path and query exactly as on the wire, percent-encoding included.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Query,
    pub(crate) body: Bytes,
    /// The number of the exchange that is recorded for it, 0 for none.
    pub(crate) exchange: u64,
    host: String,
    scheme: Scheme,
}

/// How the client spoke to us; an extension of each request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    #[default]
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Request {
    /// `fallback_host` stands in when the request names no host.
    pub(crate) fn new(parts: request::Parts, body: Bytes, fallback_host: &str) -> Self {
        let host = parts
            .headers
            .get(HOST)
            .and_then(|value| value.to_str().ok())
            // HTTP/2 has `:authority` in its place.
            .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
            .unwrap_or(fallback_host)
            .to_owned();
        let target = parts
            .uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned());
        Self {
            method: parts.method,
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            target,
            headers: parts.headers,
            body,
            exchange: 0,
            host,
            scheme: parts.extensions.get().copied().unwrap_or_default(),
        }
    }

    /// A request to the same server that travels inside this one.
    pub(crate) fn within(
        &self,
        method: Method,
        target: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        Self {
            method,
            query: Query::parse(query),
            target,
            headers,
            body,
            exchange: self.exchange,
            host: self.host.clone(),
            scheme: self.scheme,
        }
    }

    /// Returns the method.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns path and query, exactly as on the wire.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the first value of a member of the query, decoded; its name in any case.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.value(name)
    }

    /// Returns the value of a header, when it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The authority the client spoke to: its `Host` header.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the origin for absolute links in responses: scheme and host as the client called them.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.host)
    }

    /// The same emulator under its other name, `localhost` or `127.0.0.1`: another host to a client.
    pub(crate) fn other_origin(&self) -> String {
        let (name, port) = self.host.rsplit_once(':').unwrap_or((&self.host, "80"));
        let other = if name == "localhost" {
            "127.0.0.1"
        } else {
            "localhost"
        };
        format!("{}://{other}:{port}", self.scheme.as_str())
    }

    /// Returns the path of the target, without its query.
    pub fn path(&self) -> &str {
        path_of(&self.target)
    }

    /// `x-ms-client-request-id` (ACS) or `client-request-id` (Graph).
    pub(crate) fn client_request_id(&self) -> Option<&str> {
        client_request_id(&self.headers)
    }

    /// Whether the media type is JSON (`application/json`, or any `+json`).
    pub(crate) fn is_json(&self) -> bool {
        let value = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let essence = value.and_then(|v| v.split(';').next()).unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        essence == "application/json" || essence.ends_with("+json")
    }
}

/// `x-ms-client-request-id` (ACS) or `client-request-id` (Graph).
pub(crate) fn client_request_id(headers: &HeaderMap) -> Option<&str> {
    let named = |name| headers.get(name)?.to_str().ok();
    named("x-ms-client-request-id").or_else(|| named("client-request-id"))
}

/// The decoded members of a query string, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        };
        Self(pairs.map(pair).collect())
    }

    /// The members, in order.
    #[cfg(feature = "record")]
    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter()
    }

    /// Members that were decoded elsewhere.
    pub(crate) const fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of `name`; names are compared without regard to case.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A parameter that is given twice: only one of its values would count.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let mut names = self.names().enumerate();
        let twice = names.find(|(at, name)| self.names().take(*at).any(|it| it == *name));
        twice.map(|(_, name)| name)
    }
}
