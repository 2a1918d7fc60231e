//! The parts of a batch, as the request has them.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::Value;

use crate::{
    services::graph::{batch::malformed::malformed, error::GraphError},
    wire::request::Request,
};

/// The published limit of a batch.
const MAX_PARTS: usize = 20;

/// A request within a batch.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) id: String,
    method: Method,
    /// Absolute, or relative to the version.
    url: String,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// Ids of the parts that must succeed first.
    pub(super) parents: Vec<String>,
}

/// The parts of a batch; refuses the whole one for a part that cannot be read.
pub(super) fn parse(body: &Value) -> Result<Vec<Part>, GraphError> {
    let requests = body["requests"].as_array();
    let requests = requests.ok_or_else(|| malformed("requests is missing."))?;
    if requests.is_empty() || requests.len() > MAX_PARTS {
        return Err(malformed("a batch has from 1 to 20 requests."));
    }
    let parts: Vec<Part> = requests.iter().map(Part::parse).collect::<Result<_, _>>()?;
    for (i, part) in parts.iter().enumerate() {
        if parts[..i].iter().any(|earlier| earlier.is(&part.id)) {
            return Err(malformed(&format!("the id '{}' is not unique.", part.id)));
        }
    }
    Ok(parts)
}

impl Part {
    /// Ids are compared without regard to case.
    pub(super) fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
    }

    fn parse(document: &Value) -> Result<Self, GraphError> {
        let text = |name: &str| {
            let value = document[name].as_str().filter(|text| !text.is_empty());
            value.ok_or_else(|| malformed(&format!("{name} is missing.")))
        };
        let method = match text("method")?.to_ascii_uppercase().as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            method => return Err(malformed(&format!("the method {method} is not supported."))),
        };
        let headers = headers(&document["headers"])?;
        let parents = match &document["dependsOn"] {
            Value::Null => Vec::new(),
            Value::Array(ids) => {
                let ids: Option<Vec<String>> = ids
                    .iter()
                    .map(|id| id.as_str().map(str::to_owned))
                    .collect();
                ids.ok_or_else(|| malformed("dependsOn must name ids."))?
            }
            _ => return Err(malformed("dependsOn must be an array.")),
        };
        Ok(Self {
            id: text("id")?.to_owned(),
            method,
            url: text("url")?.to_owned(),
            body: content(&document["body"], &headers),
            headers,
            parents,
        })
    }

    /// The request that the part stands for, sent to where the batch was sent, with its
    /// `Authorization` unless the part has its own.
    pub(super) fn request(&self, batch: &Request, version: &str) -> Result<Request, GraphError> {
        if self.body.is_some() && !self.headers.contains_key(CONTENT_TYPE) {
            let message = "Content-Type header is required for requests with a body.";
            return Err(GraphError::bad_request(message));
        }
        let origin = batch.origin();
        let target = if self.url.contains("://") {
            let rest = self
                .url
                .get(..origin.len())
                .zip(self.url.get(origin.len()..));
            let rest = rest.filter(|(start, rest)| {
                start.eq_ignore_ascii_case(&origin) && rest.starts_with('/')
            });
            let (_, target) = rest.ok_or_else(|| {
                GraphError::bad_request(format!("The URL '{}' is of another origin.", self.url))
            })?;
            target.to_owned()
        } else {
            format!("/{version}/{}", self.url.trim_start_matches('/'))
        };
        // A fragment is never sent.
        let target = target.split('#').next().unwrap_or_default().to_owned();
        let mut headers = self.headers.clone();
        if let (false, Some(own)) = (
            headers.contains_key(AUTHORIZATION),
            batch.headers.get(AUTHORIZATION),
        ) {
            headers.insert(AUTHORIZATION, own.clone());
        }
        let body = self.body.clone().unwrap_or_default();
        Ok(batch.within(self.method.clone(), target, headers, body))
    }
}

fn headers(value: &Value) -> Result<HeaderMap, GraphError> {
    let mut headers = HeaderMap::new();
    let members = match value {
        Value::Null => return Ok(headers),
        Value::Object(members) => members,
        _ => return Err(malformed("headers must be an object.")),
    };
    for (name, value) in members {
        let text = value.as_str().map(HeaderValue::from_str);
        let (Ok(name), Some(Ok(value))) = (HeaderName::try_from(name.as_str()), text) else {
            return Err(malformed(&format!("the header '{name}' is not valid.")));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The bytes of a part's body: JSON as it stands, or Base64.
fn content(body: &Value, headers: &HeaderMap) -> Option<Bytes> {
    let text = match body {
        Value::Null => return None,
        Value::String(text) => text,
        json => return Some(json.to_string().into()),
    };
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    let content_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let is_json = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    match decoded {
        Ok(bytes) if !is_json || serde_json::from_slice::<Value>(&bytes).is_ok() => {
            Some(bytes.into())
        }
        // Not Base64 of JSON: a JSON string.
        _ if is_json => Some(body.to_string().into()),
        _ => Some(text.clone().into()),
    }
}
