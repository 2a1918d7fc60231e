#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cancellation;
mod capabilities;
mod concurrency;
mod contract;
mod deadline;
mod errors;
#[cfg(feature = "http-double")]
mod http;
mod journal;
mod journal_double;
mod redaction;
mod report;
mod rule;
mod sample;
mod settle;
mod subject;
mod suite;

pub use async_trait::async_trait;
#[cfg(feature = "http-double")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-double")))]
pub use http::{HttpDouble, HttpPlatform, HttpSubject, ReceivedRequest, Reply, StoredMessage};
pub use journal_double::JournalDouble;
pub use report::{BrokenRule, Report, SkippedCheck};
pub use rule::Rule;
pub use subject::{Failure, Subject};

use suite::Suite;

/// Checks every rule, and reports which are kept, which are broken and which could not be checked.
///
/// It needs a Tokio runtime whose clock runs (not paused). Each chapter of rules may take a minute.
/// A panic of the messenger is reported as a broken rule and does not end the suite.
///
/// ```
/// use std::sync::Arc;
/// use ms_messenger_core::{MemoryMessenger, SendRequest, SharedMessenger, Target};
/// use ms_messenger_testkit::{Failure, Rule, Subject, async_trait, check};
///
/// /// Its messenger stores every message in memory.
/// struct Memory(Arc<MemoryMessenger>);
///
/// #[async_trait]
/// impl Subject for Memory {
///     fn messenger(&self) -> SharedMessenger {
///         Arc::<MemoryMessenger>::clone(&self.0)
///     }
///     fn request(&self) -> SendRequest {
///         SendRequest::new(Target::conversation("1"), "a message of the suite")
///     }
///     async fn stored(&self) -> usize {
///         self.0.sent().len()
///     }
///     async fn fail_next(&self, failure: Failure) -> bool {
///         if failure == Failure::LostResponse {
///             self.0.lose_next_response();
///         }
///         failure == Failure::LostResponse
///     }
///     fn secrets(&self) -> Vec<String> {
///         Vec::new()
///     }
/// }
///
/// # #[tokio::main]
/// # async fn main() {
/// let report = check(&Memory(Arc::default())).await;
/// assert!(report.passed(), "{report}");
/// assert!(report.checked.contains(&Rule::TrueVerdict));
/// // Four of the five failures were not arranged.
/// assert!(report.skipped.iter().any(|check| check.reason.contains("rate limit")), "{report}");
/// # }
/// ```
pub async fn check<S: Subject + ?Sized>(subject: &S) -> Report {
    let mut suite = Suite::new(subject);
    suite.run(contract::check).await;
    suite.run(capabilities::check).await;
    suite.run(errors::check).await;
    suite.run(settle::check).await;
    suite.run(concurrency::check).await;
    suite.run(journal::check).await;
    suite.run(deadline::check).await;
    // The last of those that send: a dropped send may arrive late.
    suite.run(cancellation::check).await;
    suite.run(redaction::check).await;
    suite.into_report()
}

/// Checks every rule, and fails the calling test if one is broken.
///
/// The conformance test of a backend is this one line; the example in the documentation of the crate
/// is complete. A rule that could not be checked does not fail the test: use [`check`] to require
/// that nothing was skipped.
///
/// ```no_run
/// use ms_messenger_testkit::{Subject, assert_conformance, check};
///
/// # async fn tests(backend: impl Subject) {
/// assert_conformance(&backend).await;
///
/// let report = check(&backend).await;
/// assert!(report.passed() && report.skipped.is_empty(), "{report}");
/// # }
/// ```
///
/// # Panics
///
/// With the list of every broken rule.
pub async fn assert_conformance<S: Subject + ?Sized>(subject: &S) {
    let report = check(subject).await;
    assert!(report.passed(), "{report}");
}
