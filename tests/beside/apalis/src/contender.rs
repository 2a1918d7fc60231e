//! What is compared.

use std::{future::Future, path::Path};

/// A queue in a store of its own.
pub(crate) trait Contender: Clone + Send + Sync + 'static {
    /// Opens a queue that is empty; `folder` is for its files.
    fn open(folder: &Path) -> impl Future<Output = Self> + Send;

    /// Hands the jobs with the numbers from `first` on over, in one transaction.
    fn hand_over(&self, first: usize, count: usize) -> impl Future<Output = ()> + Send;

    /// Takes `count` jobs with one worker and finishes each, with a handler that does nothing.
    fn finish(&self, count: usize) -> impl Future<Output = ()> + Send;

    /// Takes the next job, and leaves it taken.
    fn next(&self) -> impl Future<Output = ()> + Send;

    /// The process of the database server, if there is one on this machine.
    fn server(&self) -> impl Future<Output = Option<u32>> + Send;
}

/// The text of the message of each job.
pub(crate) fn text() -> String {
    "x".repeat(200)
}

/// The address of the PostgreSQL database, whose tables are made anew.
pub(crate) fn postgres() -> String {
    std::env::var("BESIDE_POSTGRES").expect("BESIDE_POSTGRES names the database")
}
