//! Changes that are made at the same time share a transaction.
//!
//! A commit waits for the disk, and commits that notify wait for each other: many changes in one of
//! them cost little more than one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{
    apply::{apply, may_wait},
    database::Database,
};
use crate::{
    change::Change,
    error::{OutboxError, OutboxErrorKind, Result},
    message::Head,
};

/// How many transactions run at a time; the changes that come meanwhile wait for the next one.
const AT_ONCE: usize = 2;
/// The most changes of one transaction, but for those of one call.
const MOST: usize = 500;

type Outcome = Result<Vec<Result<Head>>>;

/// The changes that wait for a transaction.
#[derive(Default)]
pub(super) struct Together(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    calls: Vec<Call>,
    running: usize,
}

/// The changes of one call, and who waits for their outcome.
struct Call {
    changes: Vec<Change>,
    reply: oneshot::Sender<Outcome>,
}

/// Makes changes, together with those of other calls. A change that may have to wait for the
/// transaction of a caller is made alone: the others would wait with it.
pub(super) async fn change(database: &Arc<Database>, changes: Vec<Change>) -> Outcome {
    if changes.is_empty() || changes.iter().any(may_wait) {
        return apply(database, &changes).await;
    }
    let (reply, outcome) = oneshot::channel();
    if database.together.add(Call { changes, reply }) {
        tokio::spawn(run(Arc::clone(database)));
    }
    outcome.await.unwrap_or_else(|_| Err(unknown()))
}

/// Makes what waits, until nothing does.
async fn run(database: Arc<Database>) {
    let running = Running(&database);
    while let Some(calls) = running.0.together.next() {
        make(&database, calls).await;
    }
    // Counted already, in the moment in which nothing waited.
    std::mem::forget(running);
}

async fn make(database: &Database, mut calls: Vec<Call>) {
    let lengths: Vec<usize> = calls.iter().map(|it| it.changes.len()).collect();
    let all = calls
        .iter_mut()
        .flat_map(|it| std::mem::take(&mut it.changes));
    let mut all: Vec<Change> = all.collect();
    match apply(database, &all).await {
        Ok(outcomes) => {
            let mut outcomes = outcomes.into_iter();
            for (call, length) in calls.into_iter().zip(lengths) {
                // Who does not wait any more does not need it.
                let _ = call
                    .reply
                    .send(Ok(outcomes.by_ref().take(length).collect()));
            }
        }
        Err(error) if lengths.len() > 1 && error.kind() == OutboxErrorKind::Store => {
            // What one call runs into is not the fault of the others.
            for (call, length) in calls.into_iter().zip(lengths) {
                let own: Vec<Change> = all.drain(..length).collect();
                let _ = call.reply.send(apply(database, &own).await);
            }
        }
        Err(error) => {
            for call in calls {
                let _ = call.reply.send(Err(again(&error)));
            }
        }
    }
}

impl Together {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a call. Returns whether one more has to run for it.
    fn add(&self, call: Call) -> bool {
        let mut waiting = self.lock();
        waiting.calls.push(call);
        let is_needed = waiting.running < AT_ONCE;
        waiting.running += usize::from(is_needed);
        is_needed
    }

    /// The next calls to make; `None` if nothing waits, and then one less runs.
    fn next(&self) -> Option<Vec<Call>> {
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
}

/// Counts as running until it has ended, also by a panic or the end of the runtime.
struct Running<'a>(&'a Database);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.together.lock().running -= 1;
    }
}

fn unknown() -> OutboxError {
    let text = "the change was interrupted: it is unknown whether it was made";
    OutboxError::new(OutboxErrorKind::Unavailable, text)
}

/// The same error once more, for each caller whose changes were in the transaction.
fn again(error: &OutboxError) -> OutboxError {
    let copy = OutboxError::new(error.kind(), error.to_string());
    match std::error::Error::source(error) {
        Some(source) => copy.with_source(source.to_string()),
        None => copy,
    }
}
