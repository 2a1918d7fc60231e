//! A message that passed validation, and a change to one.

use serde_json::{Map, Value};

/// A message that passed.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) content: String,
    pub(crate) sender_display_name: String,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) attachments: Option<Value>,
}

/// A change of a message that passed.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) content: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) attachments: Option<Value>,
}

impl Draft {
    /// A plain text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            kind: "text",
            content: text.to_owned(),
            sender_display_name: String::new(),
            metadata: Map::new(),
            attachments: None,
        }
    }
}
