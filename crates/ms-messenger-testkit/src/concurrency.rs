//! Many concurrent sends.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;

use crate::{
    Rule, Subject,
    suite::{Suite, panic_message},
};

/// How many sends run at once.
const SENDS: usize = 32;

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::EachOnce);
    let before = suite.subject.stored().await;
    let tasks: Vec<_> = (0..SENDS)
        .map(|_| {
            let messenger = Arc::clone(&suite.messenger);
            let request = suite.request();
            tokio::spawn(async move { messenger.send(&request).await })
        })
        .collect();
    let mut ids = Vec::with_capacity(SENDS);
    for outcome in join_all(tasks).await {
        match outcome.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(Ok(receipt)) => ids.extend(receipt.message_id),
            Ok(Err(error)) => suite.fail(format!("one of {SENDS} sends failed: {error}")),
            Err(Ok(panic)) => suite.fail(format!("panicked: {}", panic_message(&*panic))),
            Err(Err(_)) => suite.fail("a send was cancelled by the runtime"),
        }
    }
    let stored = suite.subject.stored().await.saturating_sub(before);
    suite.expect(stored == SENDS, || {
        format!("{SENDS} sends at once stored {stored} messages")
    });
    suite.begin(Rule::DistinctIds);
    let distinct = ids.iter().collect::<HashSet<_>>().len();
    suite.expect(distinct == ids.len(), || {
        format!("{} messages share {distinct} ids", ids.len())
    });
}
