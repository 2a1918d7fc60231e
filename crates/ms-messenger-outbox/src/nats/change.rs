//! Changes of messages, each by one compare-and-set.

use std::{collections::HashMap, time::SystemTime};

use ms_messenger_core::ConversationId;

use super::{
    core::{Core, each},
    record::{Record, hash},
};
use crate::{
    change::Change,
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    message::Head,
    outbox::not_found,
    step::Step,
    store::Report,
};

/// Applies changes, each for itself: those of one message in their order, others at the same time.
pub(super) async fn apply(core: &Core, changes: &[Change]) -> Vec<Result<Head>> {
    let now = SystemTime::now();
    let mut by_message: HashMap<Hash, Vec<(usize, &Change)>> = HashMap::new();
    for (i, change) in changes.iter().enumerate() {
        let same = by_message.entry(hash(&change.id)).or_default();
        same.push((i, change));
    }
    let messages: Vec<_> = by_message.into_iter().collect();
    let applied = each(&messages, async |(key, changes)| {
        let mut results = Vec::with_capacity(changes.len());
        for (i, change) in changes {
            results.push((*i, one(core, key, change, now).await));
        }
        results
    })
    .await;
    let mut results: Vec<(usize, Result<Head>)> = applied.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

async fn one(core: &Core, key: &Hash, change: &Change, now: SystemTime) -> Result<Head> {
    let mut erased = None;
    let changed = core.change(key, |record| {
        erased = step(record, change, now)?;
        Ok(())
    });
    let changed = changed.await.map_err(|it| it.with_id(&change.id))?;
    if let Some(token) = erased {
        core.erase(key, &token).await;
    }
    changed.ok_or_else(|| not_found(&change.id))
}

/// Changes a message. Returns the content that is erased with it.
fn step(record: &mut Record, change: &Change, now: SystemTime) -> Result<Option<String>> {
    change.apply(&mut record.head, now)?;
    if change.erases_content() {
        return Ok(record.content.take());
    }
    Ok(None)
}

/// Raises the status of the sent messages with an id. Returns how many there are.
pub(super) async fn report(core: &Core, report: &Report) -> Result<u64> {
    let now = SystemTime::now();
    core.mirror.sync().await?;
    let keys = core.mirror.index().with_message_id(&report.message_id);
    let step = Step::Report {
        status: report.status,
        code: report.code.clone(),
    };
    let reported = each(&keys, async |key| {
        let changed = core.change(key, |record| {
            if !is_meant(&record.head, report) {
                let text = "the message is in another conversation";
                return Err(OutboxError::new(OutboxErrorKind::NotFound, text));
            }
            let change = Change::by_person(record.head.id.clone(), step.clone());
            change.apply(&mut record.head, now)
        });
        match changed.await {
            Ok(head) => Ok(u64::from(head.is_some())),
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(0),
        }
    })
    .await;
    reported.into_iter().sum()
}

/// Whether a report is about a message, as far as its receipt says.
fn is_meant(head: &Head, report: &Report) -> bool {
    let receipt = head.receipt.as_ref();
    let own: Option<&ConversationId> = receipt.and_then(|it| it.conversation.as_ref());
    let same = own.zip(report.conversation.as_ref());
    head.message_id() == Some(&report.message_id) && same.is_none_or(|(own, it)| own == it)
}
