//! What is read.

use std::{collections::BTreeMap, ops::Bound};

use super::{
    core::{Core, each},
    record::hash,
};
use crate::{
    envelope::Hash,
    error::{OutboxErrorKind, Result},
    id::EnvelopeId,
    message::{Head, StoredMessage},
    state::State,
    store::{Count, Query, Twins},
};

pub(super) async fn get(core: &Core, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
    let key = hash(id);
    let mut last = 0;
    loop {
        let stored = core.message(&key).await.map_err(|it| it.with_id(id))?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        match core.content(&key, &stored.record).await {
            Ok(content) => return Ok(Some(StoredMessage::new(stored.record.head, content))),
            // It may have been erased in between: then the message has changed.
            Err(error) if error.kind() == OutboxErrorKind::Damaged && last != stored.revision => {
                last = stored.revision;
            }
            Err(error) => return Err(error),
        }
    }
}

pub(super) async fn list(core: &Core, query: &Query) -> Result<Vec<Head>> {
    core.mirror.sync().await?;
    let limit = if query.limit == 0 { 100 } else { query.limit };
    let keys: Vec<Hash> = {
        let index = core.mirror.index();
        let rows = index
            .rows
            .range((Bound::Excluded(query.after), Bound::Unbounded));
        let rows = rows.map(|(_, row)| row);
        let rows = rows.filter(|it| query.states.is_empty() || query.states.contains(&it.state));
        let rows = rows.filter(|it| {
            query
                .route
                .as_deref()
                .is_none_or(|route| *route == *it.route)
        });
        rows.take(limit as usize).map(|it| it.key).collect()
    };
    heads(core, &keys).await
}

pub(super) async fn counts(core: &Core) -> Result<Vec<Count>> {
    core.mirror.sync().await?;
    let index = core.mirror.index();
    let mut counts: BTreeMap<(&str, State), Count> = BTreeMap::new();
    for row in index.rows.values() {
        let key = (&*row.route, row.state);
        let count = counts.entry(key);
        let count = count.or_insert_with(|| Count::new(key.0, key.1, 0));
        count.messages += 1;
        let oldest = count
            .oldest
            .map_or(row.enqueued_at, |it| it.min(row.enqueued_at));
        count.oldest = Some(oldest);
    }
    Ok(counts.into_values().collect())
}

pub(super) async fn being_sent(core: &Core, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
    core.mirror.sync().await?;
    let except = hash(except);
    let mut keys = core.mirror.index().being_sent(twin);
    keys.retain(|key| *key != except);
    keys.truncate(Twins::MOST_DOUBTS);
    heads(core, &keys).await
}

pub(super) async fn twins(core: &Core, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
    core.mirror.sync().await?;
    let except = hash(except);
    let mut twins = Twins::default();
    let mut keys = Vec::new();
    {
        let index = core.mirror.index();
        let mut sent = 0;
        for row in index.twins(twin).filter(|it| it.key != except) {
            if row.state == State::Sent {
                if sent == Twins::MOST_SENT {
                    twins.has_earlier = true;
                    continue;
                }
                sent += 1;
                if let Some(id) = &row.message_id {
                    twins.sent.push(id.clone());
                    continue;
                }
            }
            twins.in_doubt += 1;
            keys.push(row.key);
        }
    }
    keys.truncate(Twins::MOST_DOUBTS);
    twins.doubts = heads(core, &keys).await?;
    Ok(twins)
}

/// The messages with these keys, without what cannot be read.
async fn heads(core: &Core, keys: &[Hash]) -> Result<Vec<Head>> {
    let mut heads = Vec::new();
    for stored in each(keys, |key| core.message(key)).await {
        match stored {
            Ok(stored) => heads.extend(stored.map(|it| it.record.head)),
            Err(error) if error.kind() == OutboxErrorKind::Damaged => {}
            Err(error) => return Err(error),
        }
    }
    Ok(heads)
}
