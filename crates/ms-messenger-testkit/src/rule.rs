//! The rules, by name.

use std::fmt;

/// A rule that every messenger keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The platform's name is stable, not empty, and made of `a-z`, `0-9` and single hyphens.
    PlatformName,
    /// A valid request is accepted and stored exactly once.
    SendOnce,
    /// A receipt says only what is known, and nothing that contradicts the request.
    Receipt,
    /// `Arc`, `Box` and `dyn` answer as the messenger itself does.
    Forwarding,
    /// Whatever the capabilities do not name is refused before anything is sent.
    RefuseUnsupported,
    /// A refusal names every problem at once.
    AllProblems,
    /// A native body for another platform is refused before anything is sent.
    ForeignNative,
    /// Empty ids, empty texts and texts that are too long are refused before anything is sent.
    InvalidInput,
    /// What is said of a delivery is what happened, and no message is stored twice.
    TrueDelivery,
    /// An error names its platform, fits on one line, and has the kind that the failure asks for.
    ErrorFacts,
    /// After a failure the messenger sends again.
    Recovery,
    /// Settling never causes a send.
    SettleNeverSends,
    /// A message that was stored is not settled as not found, nor one that was not as found.
    TrueVerdict,
    /// Of a send that this messenger never made, nothing is claimed.
    NothingKnown,
    /// Evidence of another platform is refused.
    ForeignEvidence,
    /// A second look tells the same as the first, with evidence from its JSON form and through
    /// `Arc`, `Box` and `dyn` too.
    SameVerdict,
    /// An error with an unknown delivery comes with evidence that names the platform.
    HasEvidence,
    /// A request that was cancelled before, or has no time at all, is refused without I/O.
    CancelledBefore,
    /// A time-out of the caller ends a send truthfully, keeps its evidence, and leaves the
    /// messenger usable.
    DeadlineEvidence,
    /// Sends at the same time are stored once each.
    EachOnce,
    /// Messages sent at the same time have different ids.
    DistinctIds,
    /// A send whose future is never polled sends nothing.
    LazySend,
    /// After a dropped send the messenger sends again, and nothing was sent twice.
    UsableAfterDrop,
    /// Neither the messenger nor its errors print a secret.
    NoSecrets,
    /// Neither the messenger nor its errors print what a message says.
    NoContent,
}

impl Rule {
    /// The name of the rule, `chapter/rule`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformName => "contract/platform-name",
            Self::SendOnce => "contract/send-once",
            Self::Receipt => "contract/receipt",
            Self::Forwarding => "contract/forwarding",
            Self::RefuseUnsupported => "capabilities/refuse-unsupported",
            Self::AllProblems => "capabilities/all-problems",
            Self::ForeignNative => "capabilities/foreign-native",
            Self::InvalidInput => "capabilities/invalid-input",
            Self::TrueDelivery => "errors/true-delivery",
            Self::ErrorFacts => "errors/facts",
            Self::Recovery => "errors/recovery",
            Self::SettleNeverSends => "settle/never-sends",
            Self::TrueVerdict => "settle/true-verdict",
            Self::NothingKnown => "settle/nothing-known",
            Self::ForeignEvidence => "settle/foreign-evidence",
            Self::SameVerdict => "settle/same-verdict",
            Self::HasEvidence => "settle/evidence",
            Self::CancelledBefore => "deadline/cancelled-before",
            Self::DeadlineEvidence => "deadline/evidence",
            Self::EachOnce => "concurrency/each-once",
            Self::DistinctIds => "concurrency/distinct-ids",
            Self::LazySend => "cancellation/lazy-send",
            Self::UsableAfterDrop => "cancellation/usable-after-drop",
            Self::NoSecrets => "redaction/no-secrets",
            Self::NoContent => "redaction/no-content",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
