//! The changes that wait for a transaction.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::{change::Change, error::Result, message::Head};

/// How many transactions run at a time; the changes that come meanwhile wait for the next one.
const AT_ONCE: usize = 2;
/// The most changes of one transaction, but for those of one call.
const MOST: usize = 500;

pub(super) type Outcome = Result<Vec<Result<Head>>>;

/// The changes that wait for a transaction.
#[derive(Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    running: usize,
}

/// The changes of one call, and who waits for their outcome.
pub(super) struct Call {
    pub(super) changes: Vec<Change>,
    pub(super) reply: oneshot::Sender<Outcome>,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call. Returns whether one more has to run for it.
    pub(super) fn add(&self, call: Call) -> bool {
        let mut waiting = self.lock();
        waiting.calls.push(call);
        let is_needed = waiting.running < AT_ONCE;
        waiting.running += usize::from(is_needed);
        is_needed
    }

    /// The next calls to make; `None` if nothing waits, and then one less runs.
    pub(super) fn next(&self) -> Option<Vec<Call>> {
        let mut waiting = self.lock();
        if waiting.calls.is_empty() {
            waiting.running -= 1;
            return None;
        }
        let mut count = 0;
        let fitting = waiting.calls.iter().take_while(|it| {
            count += it.changes.len();
            count <= MOST
        });
        let fitting = fitting.count().max(1);
        Some(waiting.calls.drain(..fitting).collect())
    }

    /// One less runs, although something may wait: it ended before its time.
    pub(super) fn one_less(&self) {
        self.lock().running -= 1;
    }
}
