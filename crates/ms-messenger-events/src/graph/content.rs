//! The resource of a notification.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The resource of a notification, decrypted: a `chatMessage` as JSON. `Debug` prints its length
/// alone.
///
/// `msgraph_chat::models::ChatMessage` reads it:
///
/// ```
/// use ms_messenger_events::graph::ResourceContent;
/// use msgraph_chat::models::ChatMessage;
///
/// let json = r#"{"id":"1767225600000","body":{"contentType":"text","content":"hello"}}"#;
/// let content = ResourceContent::from(json);
/// let message: ChatMessage = content.read()?;
/// assert_eq!(message.id.as_deref(), Some("1767225600000"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceContent(String);

impl ResourceContent {
    /// Returns the JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON as an owned string.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Reads the resource into a type of its own, or into `serde_json::Value`.
    ///
    /// # Errors
    ///
    /// If the JSON has another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }
}

impl From<&str> for ResourceContent {
    fn from(json: &str) -> Self {
        Self(json.to_owned())
    }
}

impl From<String> for ResourceContent {
    fn from(json: String) -> Self {
        Self(json)
    }
}

impl fmt::Debug for ResourceContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}
