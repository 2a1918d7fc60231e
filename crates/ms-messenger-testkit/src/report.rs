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

/// The results of a run. `Display` is a readable list: a line with the counts, then one line for each
/// broken rule and for each check that was not possible.
///
/// ```
/// use std::sync::Arc;
/// use ms_messenger_core::{
///     Capabilities, Evidence, MemoryMessenger, Messenger, Receipt, Result, SendRequest, Settled,
///     SharedMessenger, Target,
/// };
/// use ms_messenger_testkit::{Failure, Rule, Subject, async_trait, check};
///
/// /// A messenger with a defect: it sends every message twice.
/// #[derive(Debug)]
/// struct Twice(Arc<MemoryMessenger>);
///
/// #[async_trait]
/// impl Messenger for Twice {
///     # fn platform(&self) -> &str {
///     #     self.0.platform()
///     # }
///     # fn capabilities(&self) -> Capabilities {
///     #     self.0.capabilities()
///     # }
///     async fn send(&self, request: &SendRequest) -> Result<Receipt> {
///         self.0.send(request).await?;
///         self.0.send(request).await
///     }
///     # async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
///     #     self.0.settle(request, evidence).await
///     # }
///     // The other methods forward to `self.0`.
/// }
///
/// # struct Memory(Arc<MemoryMessenger>);
/// # #[async_trait]
/// # impl Subject for Memory {
/// #     fn messenger(&self) -> SharedMessenger {
/// #         Arc::new(Twice(Arc::clone(&self.0)))
/// #     }
/// #     fn request(&self) -> SendRequest {
/// #         SendRequest::new(Target::conversation("1"), "a message of the suite")
/// #     }
/// #     async fn stored(&self) -> usize {
/// #         self.0.sent().len()
/// #     }
/// #     async fn fail_next(&self, _: Failure) -> bool {
/// #         false
/// #     }
/// #     fn secrets(&self) -> Vec<String> {
/// #         Vec::new()
/// #     }
/// # }
/// # #[tokio::main]
/// # async fn main() {
/// # let subject = Memory(Arc::default());
/// // `subject` is a `Subject` whose messenger is `Twice`.
/// let report = check(&subject).await;
/// assert!(!report.passed());
/// assert!(report.broken_rules().contains(&Rule::SendOnce));
/// assert!(report.to_string().contains("broken       contract/send-once: "));
/// # }
/// ```
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
