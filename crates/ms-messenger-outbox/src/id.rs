//! The ids of messages, routes and workers.

use std::fmt;

use ms_messenger_core::{Problems, random_uuid};
use serde::{Deserialize, Serialize};

use crate::error::{OutboxError, Result};

/// The most bytes of an id, the name of a route, or an order key.
pub(crate) const LONGEST_NAME: usize = 200;

/// The caller's own id of a message: 1 to 200 bytes without control characters. In JSON a string.
///
/// The same id with the same content is one message, however often it is enqueued.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// Creates an id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Creates a random id.
    #[must_use]
    pub fn random() -> Self {
        Self(random_uuid().to_string())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks the length and the characters.
    pub(crate) fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        check_name("id", &self.0, &mut problems);
        let checked = problems.into_result(ms_messenger_core::ErrorKind::InvalidRequest);
        checked.map_err(|error| OutboxError::invalid(&error))
    }
}

impl From<&str> for EnvelopeId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for EnvelopeId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl fmt::Display for EnvelopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks an id, the name of a route, or an order key.
pub(crate) fn check_name(field: &'static str, name: &str, problems: &mut Problems) {
    if name.is_empty() {
        problems.add(field, "must not be empty");
    } else if name.len() > LONGEST_NAME {
        problems.add(field, format!("must have at most {LONGEST_NAME} bytes"));
    } else if name.chars().any(char::is_control) {
        problems.add(field, "must have no control characters");
    }
}

/// The id of one run of a worker. A worker whose lease has ended goes on under another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(String);

impl WorkerId {
    /// Creates a random id.
    #[must_use]
    pub fn random() -> Self {
        Self(random_uuid().to_string())
    }

    /// Reads an id back, as a store wrote it.
    pub fn from_stored(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
