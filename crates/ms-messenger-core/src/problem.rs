//! What is wrong with an input, all of it at once.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// One thing that is wrong with an input: where, and which rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The path of the field, e.g. `message.attachments[1].url`.
    pub field: String,
    /// The rule that it breaks, as a sentence without a full stop.
    pub rule: String,
}

impl Problem {
    /// A problem of `field` with `rule`.
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

/// Collects problems while an input is checked, so that all of them are reported together.
///
/// ```
/// use ms_messenger_core::{ErrorKind, Problems};
///
/// let mut problems = Problems::new();
/// problems.add("to", "must not be empty");
/// problems.add("body.content", "must not be empty");
/// let error = problems.into_result(ErrorKind::InvalidRequest).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem of `field` with `rule`.
    pub fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.0.push(Problem::new(field, rule));
    }

    /// Adds a problem of `field` with `rule` when `broken` is true.
    pub fn add_if(&mut self, broken: bool, field: &str, rule: &str) {
        if broken {
            self.add(field, rule);
        }
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Takes over the problems of `other`.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok` when nothing is wrong, else one error of `kind` that carries every problem.
    ///
    /// # Errors
    ///
    /// An error of `kind`, not sent, whose message lists all problems.
    pub fn into_result(self, kind: ErrorKind) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Error::from_problems(kind, self.0))
    }
}
