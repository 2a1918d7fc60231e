//! The members of a document.

use serde_json::Value;

pub(crate) type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A document whose members are read by their paths, `/graph/token` for example.
#[derive(Debug)]
pub(crate) struct Fields(pub(crate) Value);

impl Fields {
    /// A string; the name of a member, or a path that begins with a slash.
    pub(crate) fn text(&self, path: &str) -> Result<&str> {
        let found = self.optional(path);
        found.ok_or_else(|| format!("{path}: is required and must be a string").into())
    }

    pub(crate) fn optional(&self, path: &str) -> Option<&str> {
        let found = if path.starts_with('/') {
            self.0.pointer(path)
        } else {
            self.0.get(path)
        };
        found.and_then(Value::as_str)
    }

    /// The objects of a list; none without it.
    pub(crate) fn list(&self, name: &str) -> Vec<Self> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().cloned().map(Self).collect()
    }
}

pub(crate) fn unknown(operation: &str) -> Box<dyn std::error::Error + Send + Sync> {
    format!("call: {operation} is unknown").into()
}
