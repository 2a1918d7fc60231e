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
pub use report::{BrokenRule, Report, SkippedCheck};
pub use rule::Rule;
pub use subject::{Failure, Subject};

use suite::Suite;

/// Checks every rule, and reports which are kept, which are broken and which could not be checked.
///
/// It needs a Tokio runtime whose clock runs (not paused). Each chapter of rules may take a minute.
/// A panic of the messenger is reported as a broken rule and does not end the suite.
pub async fn check<S: Subject + ?Sized>(subject: &S) -> Report {
    let mut suite = Suite::new(subject);
    suite.run(contract::check).await;
    suite.run(capabilities::check).await;
    suite.run(errors::check).await;
    suite.run(settle::check).await;
    suite.run(concurrency::check).await;
    suite.run(deadline::check).await;
    // The last of those that send: a dropped send may arrive late.
    suite.run(cancellation::check).await;
    suite.run(redaction::check).await;
    suite.into_report()
}

/// Checks every rule, and fails the calling test if one is broken.
///
/// # Panics
///
/// With the list of every broken rule.
pub async fn assert_conformance<S: Subject + ?Sized>(subject: &S) {
    let report = check(subject).await;
    assert!(report.passed(), "{report}");
}
