//! Changes that are made at the same time share a transaction.
//!
//! A commit waits for the disk, and commits that notify wait for each other: many changes in one of
//! them cost little more than one.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    apply::{apply, may_wait},
    database::Database,
    waiting::{Call, Outcome},
};
use crate::{
    change::Change,
    error::{OutboxError, OutboxErrorKind},
};

/// Makes changes, together with those of other calls. A change that may have to wait for the
/// transaction of a caller is made alone: the others would wait with it.
pub(super) async fn change(database: &Arc<Database>, changes: Vec<Change>) -> Outcome {
    if changes.is_empty() || changes.iter().any(may_wait) {
        return apply(database, &changes).await;
    }
    let (reply, outcome) = oneshot::channel();
    if database.waiting.add(Call { changes, reply }) {
        tokio::spawn(run(Arc::clone(database)));
    }
    outcome.await.unwrap_or_else(|_| Err(unknown()))
}

/// Makes what waits, until nothing does.
async fn run(database: Arc<Database>) {
    let running = Running(&database);
    while let Some(calls) = running.0.waiting.next() {
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
        Err(error) if lengths.len() > 1 && !is_of_connection(&error) => {
            // What one call runs into is not the fault of the others.
            for (call, length) in calls.into_iter().zip(lengths) {
                let own: Vec<Change> = all.drain(..length).collect();
                let _ = call.reply.send(apply(database, &own).await);
            }
        }
        Err(error) => {
            for call in calls {
                let _ = call.reply.send(Err(error.again()));
            }
        }
    }
}

/// Counts as running until it has ended, also by a panic or the end of the runtime.
struct Running<'a>(&'a Database);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.waiting.one_less();
    }
}

fn unknown() -> OutboxError {
    let text = "the change was interrupted: it is unknown whether it was made";
    OutboxError::new(OutboxErrorKind::Unavailable, text)
}

/// Whether the changes one by one would fail in the same way.
fn is_of_connection(error: &OutboxError) -> bool {
    matches!(
        error.kind(),
        OutboxErrorKind::Unavailable | OutboxErrorKind::Denied
    )
}
