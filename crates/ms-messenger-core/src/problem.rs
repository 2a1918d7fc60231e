//! One thing that is wrong with an input.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with an input: the field, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Problem {
    /// The path of the field, e.g. `message.attachments[1].url`.
    pub field: String,
    /// The rule that it breaks, as a sentence without a full stop.
    pub rule: String,
}

impl Problem {
    /// Creates a problem of `field` with `rule`.
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}
