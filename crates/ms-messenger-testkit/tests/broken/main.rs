//! The suite against messengers that each break one rule: it must name that rule, and for a
//! sound messenger none.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod client;
mod defect;
mod sample;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
};

use ms_messenger_core::{Message, SendRequest, SharedMessenger, Target};
use ms_messenger_testkit::{Failure, Report, Rule, Subject, async_trait, check};

use client::Client;
use defect::Defect;
use sample::{SECRET, Sample};

struct Double {
    sample: Arc<Sample>,
    messenger: SharedMessenger,
}

#[async_trait]
impl Subject for Double {
    fn messenger(&self) -> SharedMessenger {
        Arc::clone(&self.messenger)
    }

    fn request(&self) -> SendRequest {
        SendRequest::new(
            Target::conversation("conversation-1"),
            Message::text("a message of the suite"),
        )
    }

    async fn stored(&self) -> usize {
        self.sample.stored.load(Ordering::SeqCst)
    }

    async fn fail_next(&self, failure: Failure) -> bool {
        *self.sample.failure.lock().unwrap() = Some(failure);
        true
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}

async fn report(defect: Defect) -> Report {
    let sample = Sample::new(defect);
    let messenger: SharedMessenger = Arc::new(Client(Arc::clone(&sample)));
    check(&Double { sample, messenger }).await
}

#[tokio::test]
async fn a_sound_messenger_breaks_no_rule() {
    let report = report(Defect::None).await;
    assert!(report.passed(), "{report}");
    assert!(report.skipped.is_empty(), "{report}");
}

/// Each defect with the rules that must be named, all of them and no other.
const BROKEN: &[(Defect, &[Rule])] = &[
    (
        Defect::BadName,
        &[
            Rule::PlatformName,
            Rule::ErrorFacts,
            Rule::HasEvidence,
            Rule::JournalFirst,
        ],
    ),
    (Defect::ReceiptOfAnotherConversation, &[Rule::Receipt]),
    (Defect::EmptyMessageId, &[Rule::Receipt, Rule::DistinctIds]),
    (
        Defect::IgnoresSubject,
        &[Rule::RefuseUnsupported, Rule::AllProblems],
    ),
    (
        Defect::IgnoresKey,
        &[Rule::RefuseUnsupported, Rule::AllProblems],
    ),
    (
        Defect::AcceptsForeignBody,
        &[Rule::ForeignNative, Rule::AllProblems],
    ),
    (Defect::NamesOneProblemOnly, &[Rule::AllProblems]),
    (
        Defect::StoresBeforeItRefuses,
        &[
            Rule::RefuseUnsupported,
            Rule::AllProblems,
            Rule::ForeignNative,
            Rule::InvalidInput,
            Rule::CancelledBefore,
        ],
    ),
    (Defect::AcceptsEmptyText, &[Rule::InvalidInput]),
    (
        Defect::SaysNotSentThoughStored,
        &[Rule::TrueDelivery, Rule::DeadlineEvidence],
    ),
    (Defect::SaysSentThoughRefused, &[Rule::TrueDelivery]),
    (
        Defect::ResendsUnknown,
        &[Rule::TrueDelivery, Rule::DeadlineEvidence],
    ),
    (Defect::UnknownForAProvenRefusal, &[Rule::TrueDelivery]),
    (Defect::NoPlatformInErrors, &[Rule::ErrorFacts]),
    (Defect::SeveralLines, &[Rule::ErrorFacts]),
    (Defect::WrongKindForLimit, &[Rule::ErrorFacts]),
    (Defect::LosesUnderLoad, &[Rule::EachOnce, Rule::DistinctIds]),
    (Defect::SameIdForAll, &[Rule::DistinctIds]),
    (
        Defect::SendsUnpolled,
        &[
            Rule::LazySend,
            Rule::CancelledBefore,
            Rule::JournalFirst,
            Rule::JournalRefusal,
            Rule::HeldBack,
        ],
    ),
    (Defect::DeadAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PanicsAfterADrop, &[Rule::UsableAfterDrop]),
    (Defect::PrintsSecretInDebug, &[Rule::NoSecrets]),
    (Defect::PrintsSecretInErrors, &[Rule::NoSecrets]),
    (Defect::PrintsContent, &[Rule::NoContent, Rule::DistinctIds]),
    (
        Defect::SettleSends,
        &[Rule::SettleNeverSends, Rule::DeadlineEvidence],
    ),
    (
        Defect::SettleSendsWhenUnknown,
        &[Rule::SettleNeverSends, Rule::TrueVerdict],
    ),
    (
        Defect::SaysNotFoundToEverything,
        &[
            Rule::DeadlineEvidence,
            Rule::TrueVerdict,
            Rule::NothingKnown,
            Rule::ForeignEvidence,
        ],
    ),
    (
        Defect::SaysFoundToEverything,
        &[Rule::TrueVerdict, Rule::NothingKnown, Rule::ForeignEvidence],
    ),
    (
        Defect::SaysNotFoundThoughStored,
        &[Rule::TrueVerdict, Rule::DeadlineEvidence],
    ),
    (Defect::FindsWhatWasRefused, &[Rule::TrueVerdict]),
    (
        Defect::TrustsUnknownIds,
        &[Rule::NothingKnown, Rule::TrueVerdict],
    ),
    (Defect::AcceptsForeignEvidence, &[Rule::ForeignEvidence]),
    (Defect::FindsOnce, &[Rule::SameVerdict]),
    (Defect::FindsAnotherEachTime, &[Rule::SameVerdict]),
    (
        Defect::UnknownWithoutEvidence,
        &[Rule::HasEvidence, Rule::DeadlineEvidence],
    ),
    (Defect::IgnoresCancel, &[Rule::CancelledBefore]),
    (
        Defect::UnknownForACancelledRequest,
        &[Rule::CancelledBefore],
    ),
    (Defect::TimeoutLosesEvidence, &[Rule::DeadlineEvidence]),
    (Defect::TimeoutSaysNotSent, &[Rule::DeadlineEvidence]),
    (
        Defect::IgnoresJournal,
        &[Rule::JournalFirst, Rule::JournalRefusal, Rule::HeldBack],
    ),
    (
        Defect::NotesAfterTheSend,
        &[Rule::JournalFirst, Rule::JournalRefusal, Rule::HeldBack],
    ),
    (Defect::IgnoresFullJournal, &[Rule::JournalRefusal]),
    (Defect::LetsAllLeave, &[Rule::HeldBack]),
    (Defect::UnknownForAFullJournal, &[Rule::JournalRefusal]),
    (Defect::NotesNoPlatform, &[Rule::JournalFirst]),
    (Defect::MissesWhatHasAReceipt, &[Rule::TrueVerdict]),
];

#[tokio::test]
async fn each_defect_is_named_by_its_rule() {
    let mut wrong = Vec::new();
    for (defect, rules) in BROKEN {
        let report = report(*defect).await;
        let expected: BTreeSet<Rule> = rules.iter().copied().collect();
        if report.broken_rules() != expected {
            wrong.push(format!(
                "{defect:?}: expected {expected:?}, got {:?}\n{report}",
                report.broken_rules()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// These break every send, so more than one rule sees it; the one that says it best must be there.
#[tokio::test]
async fn a_defect_of_every_send_is_named_too() {
    for (defect, rule) in [
        (Defect::StoresNothing, Rule::SendOnce),
        (Defect::SendsTwice, Rule::SendOnce),
        (Defect::RefusesWhatItPromises, Rule::SendOnce),
        (Defect::DeadAfterAFailure, Rule::Recovery),
        (Defect::DeadAfterATimeout, Rule::DeadlineEvidence),
    ] {
        let report = report(defect).await;
        assert!(
            report.broken_rules().contains(&rule),
            "{defect:?}: {report}"
        );
    }
}
