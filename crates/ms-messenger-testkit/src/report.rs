//! The results of a run.

use std::{collections::BTreeSet, fmt};

use crate::Rule;

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokenRule {
    /// The rule.
    pub rule: Rule,
    /// How it was broken.
    pub detail: String,
}

/// A check that was not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedCheck {
    /// The rule.
    pub rule: Rule,
    /// Which part of it, and why.
    pub reason: String,
}

/// The results of a run. `Display` is a readable list.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Report {
    /// The platform of the messenger.
    pub platform: String,
    /// The rules that were checked, in order.
    pub checked: Vec<Rule>,
    /// The rules that were broken, once for each way.
    pub broken: Vec<BrokenRule>,
    /// The checks that were not possible.
    pub skipped: Vec<SkippedCheck>,
}

impl Report {
    pub(crate) fn new(platform: String) -> Self {
        Self {
            platform,
            checked: Vec::new(),
            broken: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Returns whether no rule was broken.
    pub fn passed(&self) -> bool {
        self.broken.is_empty()
    }

    /// Returns the rules that were broken, each once.
    pub fn broken_rules(&self) -> BTreeSet<Rule> {
        self.broken.iter().map(|broken| broken.rule).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broken = self.broken_rules().len();
        writeln!(
            f,
            "conformance of {}: {} of {} rules kept",
            self.platform,
            self.checked.len().saturating_sub(broken),
            self.checked.len()
        )?;
        for BrokenRule { rule, detail } in &self.broken {
            writeln!(f, "  broken       {rule}: {detail}")?;
        }
        for SkippedCheck { rule, reason } in &self.skipped {
            writeln!(f, "  not checked  {rule}: {reason}")?;
        }
        Ok(())
    }
}
