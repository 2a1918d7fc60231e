//! Rules that every [`Store`] keeps, and the checks that prove it.
//!
//! ```
//! use std::sync::Arc;
//! use ms_messenger_outbox::{MemoryStore, Store, conformance};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let database = Arc::new(MemoryStore::new());
//! // Each call opens another handle on the same database.
//! let findings = conformance::check(move || {
//!     let handle: Arc<dyn Store> = Arc::<MemoryStore>::clone(&database);
//!     async move { Ok(handle) }
//! })
//! .await;
//! assert!(findings.passed(), "{findings}");
//! # }
//! ```

mod apply;
mod bench;
mod budget;
mod claim;
mod clock;
mod compare;
mod expect;
mod findings;
mod handles;
mod insert;
mod order;
mod purge;
mod random;
mod read;
mod recall;
mod report;
mod rules;
mod sample;
mod session;
mod steps;

use std::{future::Future, sync::Arc};

pub use findings::{BrokenRule, Findings};

use crate::{
    conformance::bench::{Bench, Handles},
    error::Result,
    store::Store,
};

/// Checks every rule on a database of which `open` returns a new handle at each call.
///
/// The database need not be empty, but its messages in a final state are purged. Nothing else uses
/// it during the checks. It needs a Tokio runtime whose clock runs (not paused). The last rule is a
/// random run, whose seed is in its finding; [`check_random`] repeats it.
pub async fn check<F, O>(open: F) -> Findings
where
    F: Fn() -> O + Send + Sync + 'static,
    O: Future<Output = Result<Arc<dyn Store>>> + Send + 'static,
{
    let mut findings = Findings::default();
    let handles = match Handles::open(open).await {
        Ok(handles) => handles,
        Err(broken) => {
            findings.add("open", Err(broken));
            return findings;
        }
    };
    for rule in rules::RULES {
        let bench = Bench::new(&handles, rule.name);
        findings.add(rule.name, (rule.check)(&bench).await);
    }
    findings
}

/// Applies `steps` random operations to the database and to a [`MemoryStore`](crate::MemoryStore)
/// side by side, and compares all results. The same seed makes the same operations.
///
/// # Errors
///
/// The first difference.
pub async fn check_random<F, O>(open: F, seed: u64, steps: u32) -> Result<(), BrokenRule>
where
    F: Fn() -> O + Send + Sync + 'static,
    O: Future<Output = Result<Arc<dyn Store>>> + Send + 'static,
{
    let rule = rules::RANDOM;
    let run = async {
        let handles = Handles::open(open).await?;
        random::run(&Bench::new(&handles, rule), seed, steps).await
    };
    run.await
        .map_err(|broken: expect::Broken| BrokenRule::new(rule, broken.0))
}

/// Checks every rule as [`check`], and fails the calling test if one is broken.
///
/// # Panics
///
/// With the list of every broken rule.
pub async fn assert_conformance<F, O>(open: F)
where
    F: Fn() -> O + Send + Sync + 'static,
    O: Future<Output = Result<Arc<dyn Store>>> + Send + 'static,
{
    let findings = check(open).await;
    assert!(findings.passed(), "{findings}");
}
