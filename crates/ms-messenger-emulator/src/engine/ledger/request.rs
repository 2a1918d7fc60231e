//! A request as it was received, for the ledger.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};
use serde_json::Value;

use crate::wire::request::Request;

const CREDENTIAL_HEADERS: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// A request as it was received, without credentials.
#[derive(Clone, Debug)]
pub struct CapturedRequest {
    head: Head,
    body: Vec<u8>,
}

/// What is not the body.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Head {
    method: String,
    path: String,
    /// Names in lower case, in the order of arrival.
    headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            path: request.target.clone(),
            headers: shown_headers(&request.headers),
        }
    }
}

/// All headers, credentials removed.
pub(crate) fn shown_headers(all: &HeaderMap) -> Vec<(String, String)> {
    all.iter()
        .map(|(name, value)| {
            let value = if CREDENTIAL_HEADERS.contains(&name.as_str()) {
                "[removed]".into()
            } else {
                String::from_utf8_lossy(value.as_bytes())
            };
            (name.as_str().to_owned(), value.into_owned())
        })
        .collect()
}

impl CapturedRequest {
    pub(super) const fn new(head: Head, body: Vec<u8>) -> Self {
        Self { head, body }
    }

    /// Returns the method, in upper case.
    pub fn method(&self) -> &str {
        &self.head.method
    }

    /// Returns path and query, exactly as on the wire.
    pub fn path(&self) -> &str {
        &self.head.path
    }

    /// Returns the value of a header, whose name may be in any case; credentials read `[removed]`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Returns all headers in the order of arrival, names in lower case; credentials read `[removed]`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// for row in emulator.messages() {
    ///     for (name, value) in row.request.headers() {
    ///         println!("{name}: {value}");
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.head.headers.iter();
        headers.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the body, byte for byte.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Serialize for CapturedRequest {
    /// Headers as an object of lower-case names; the body as JSON where it is JSON, else as text,
    /// `null` when empty.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut headers: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in &self.head.headers {
            headers
                .entry(name)
                .and_modify(|all| *all = format!("{all}, {value}"))
                .or_insert_with(|| value.clone());
        }
        let body = if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body)
                .unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into())
        };
        let mut fields = serializer.serialize_struct("CapturedRequest", 4)?;
        fields.serialize_field("method", &self.head.method)?;
        fields.serialize_field("path", &self.head.path)?;
        fields.serialize_field("headers", &headers)?;
        fields.serialize_field("body", &body)?;
        fields.end()
    }
}
