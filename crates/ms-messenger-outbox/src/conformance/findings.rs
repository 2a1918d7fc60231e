//! What the checks found.

use std::fmt;

use super::expect::Outcome;

/// A rule that a store breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenRule {
    /// The name of the rule.
    pub rule: &'static str,
    /// What was expected, and what was found.
    pub detail: String,
}

impl BrokenRule {
    pub(super) fn new(rule: &'static str, detail: String) -> Self {
        Self { rule, detail }
    }
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

impl std::error::Error for BrokenRule {}

/// What the checks found.
#[derive(Clone, Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct Findings {
    /// The rules that were checked, in order.
    pub checked: Vec<&'static str>,
    /// The rules that are broken.
    pub broken: Vec<BrokenRule>,
}

impl Findings {
    /// Returns whether no rule is broken.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.broken.is_empty()
    }

    pub(super) fn add(&mut self, rule: &'static str, outcome: Outcome) {
        self.checked.push(rule);
        if let Err(broken) = outcome {
            self.broken.push(BrokenRule::new(rule, broken.0));
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.checked.len() - self.broken.len();
        writeln!(f, "{kept} of {} rules kept", self.checked.len())?;
        self.broken
            .iter()
            .try_for_each(|broken| writeln!(f, "  broken  {broken}"))
    }
}
