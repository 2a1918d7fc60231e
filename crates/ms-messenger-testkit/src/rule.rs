//! The rules and their names.

use std::fmt;

/// A rule that every messenger must keep. `Display` is its name.
///
/// ```
/// use ms_messenger_testkit::Rule;
///
/// assert_eq!(Rule::SendOnce.as_str(), "contract/send-once");
/// assert_eq!(Rule::TrueVerdict.to_string(), "settle/true-verdict");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The platform name is stable, not empty, and has only `a-z`, `0-9` and single hyphens.
    PlatformName,
    /// A valid request is accepted and stored exactly once.
    SendOnce,
    /// A receipt has no empty ids, and nothing that contradicts the request.
    Receipt,
    /// `Arc`, `Box` and `dyn` behave as the messenger itself.
    Forwarding,
    /// Whatever the capabilities do not list is rejected before anything is sent.
    RefuseUnsupported,
    /// A rejection lists all problems at once.
    AllProblems,
    /// A native body for another platform is rejected before anything is sent.
    ForeignNative,
    /// Empty ids, empty texts and texts that are too long are rejected before anything is sent.
    InvalidInput,
    /// The reported delivery is what happened, and no message is stored twice.
    TrueDelivery,
    /// An error names its platform, fits on one line, and has the kind of the failure.
    ErrorFacts,
    /// After a failure the messenger sends again.
    Recovery,
    /// Settling never causes a send.
    SettleNeverSends,
    /// A stored message is not settled as not found, and a message that was not stored is not settled
    /// as found.
    TrueVerdict,
    /// A send that this messenger never made gets no verdict.
    NothingKnown,
    /// Evidence of another platform is rejected.
    ForeignEvidence,
    /// Settling again gives the same verdict, also with evidence from its JSON form and through `Arc`,
    /// `Box` and `dyn`.
    SameVerdict,
    /// An error with an unknown delivery has evidence that names the platform.
    HasEvidence,
    /// A request that is cancelled already, or has a timeout of zero, is rejected without I/O.
    CancelledBefore,
    /// After the caller's timeout the reported delivery is true, its evidence is there, and the
    /// messenger is usable.
    DeadlineEvidence,
    /// Each attempt of a request with a journal is noted before the message is stored, with evidence
    /// that names the platform.
    JournalFirst,
    /// A send whose journal fails is not sent.
    JournalRefusal,
    /// A message that its journal holds back is not sent.
    HeldBack,
    /// Concurrent sends are stored once each.
    EachOnce,
    /// Messages that are sent concurrently have different ids.
    DistinctIds,
    /// A send whose future is never polled sends nothing.
    LazySend,
    /// After a dropped send the messenger sends again, and nothing was sent twice.
    UsableAfterDrop,
    /// Neither the messenger nor its errors print a secret.
    NoSecrets,
    /// Neither the messenger nor its errors print the content of a message.
    NoContent,
}

impl Rule {
    /// Returns the name of the rule, `chapter/rule`.
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
            Self::JournalFirst => "journal/first",
            Self::JournalRefusal => "journal/refusal",
            Self::HeldBack => "journal/held-back",
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
