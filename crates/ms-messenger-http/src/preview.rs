//! The request of a call as it would leave.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use url::Url;

use crate::{Call, Endpoint, Operation, Pipeline};

/// The request of a call as it would go over the wire, for a dry run: without the credential, and
/// without what is new in each attempt. Nothing is sent for it.
///
/// ```
/// use ms_messenger_http::{Call, Endpoint, Preview};
///
/// let endpoint = Endpoint::parse("http://localhost:8410/v1")?;
/// let call = Call::post("page", "/pages").with_json(&serde_json::json!({ "text": "disk full" }))?;
/// let preview = Preview::of(&call, &endpoint)?;
/// assert_eq!(preview.address, "http://localhost:8410/v1/pages");
/// assert_eq!(preview.headers["content-type"], "application/json");
/// assert_eq!(preview.body, r#"{"text":"disk full"}"#);
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// The name of the operation.
    pub operation: &'static str,
    /// The method.
    pub method: Method,
    /// The whole address. What is known only after an earlier call stands in braces, such as
    /// `{chat-id}`.
    pub address: String,
    /// The headers, without that of the credential.
    pub headers: HeaderMap,
    /// The body. `Debug` does not show it.
    pub body: Bytes,
    /// The calls that are made before it, such as a look-up of a name or an upload.
    pub after: Vec<&'static Operation>,
}

impl Preview {
    /// Returns the request of `call` at `endpoint`.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::address`].
    pub fn of(call: &Call, endpoint: &Endpoint) -> ms_messenger_core::Result<Self> {
        let url: Url = endpoint.address(&call.path_and_query)?;
        let address = String::from(url).replace("%7B", "{").replace("%7D", "}");
        Ok(Self::new(call, address))
    }

    /// Returns the request of a call whose address only a session knows; `address` says in words
    /// where it comes from.
    #[must_use]
    pub fn new(call: &Call, address: impl Into<String>) -> Self {
        Self {
            operation: call.operation,
            method: call.method.clone(),
            address: address.into(),
            headers: call.headers(),
            body: call.body().clone(),
            after: Vec::new(),
        }
    }

    /// Sets the calls that are made before it.
    #[must_use]
    pub fn with_after(mut self, after: Vec<&'static Operation>) -> Self {
        self.after = after;
        self
    }
}

impl Pipeline {
    /// Checks a call as [`check`](Self::check) does, and returns its request. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn preview(&self, call: &Call) -> ms_messenger_core::Result<Preview> {
        self.check(call)?;
        let mut preview = Preview::of(call, self.endpoint())?;
        if let Some((name, id)) = self.request_id_header(call) {
            preview.headers.insert(name, id);
        }
        Ok(preview)
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_call_finds_stands_in_braces_and_no_content_is_printed() {
        let endpoint = Endpoint::parse("http://localhost:1/v1.0").unwrap();
        let call = Call::post("send", "/chats/%7Bchat-id%7D/messages").with_json_bytes("hunter2");
        let preview = Preview::of(&call, &endpoint).unwrap();
        let address = "http://localhost:1/v1.0/chats/{chat-id}/messages";
        assert_eq!(preview.address, address);
        assert!(!format!("{preview:?}").contains("hunter2"));
        assert!(Preview::of(&Call::post("send", "/a/../b"), &endpoint).is_err());
    }
}
