//! Reads messages.

use std::{cmp::Reverse, time::SystemTime};

use sqlx::Row as _;

use super::{
    database::{Database, run},
    row::Stored,
};
use crate::{
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    message::{Head, StoredMessage},
    state::State,
    store::{Count, Purge, Query, Twins},
    time::from_millis,
};

pub(super) async fn get(database: &Database, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
    run(|| async {
        let mut transaction = database.begin_read().await?;
        let query = database.query(&database.statements.get).bind(id.as_str());
        let row = query.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let head = Stored::read(&row)?.head?;
        let content: Option<Vec<u8>> = row.try_get("content")?;
        Ok(Some(StoredMessage::new(head, content.map(Into::into))))
    })
    .await
}

/// Lists messages. One that cannot be read is left out: `get` reports it.
pub(super) async fn list(database: &Database, query: &Query) -> Result<Vec<Head>> {
    let states: Vec<&str> = query.states.iter().map(|it| it.as_str()).collect();
    let after = i64::try_from(query.after).unwrap_or(i64::MAX);
    let limit = if query.limit == 0 { 100 } else { query.limit };
    run(|| async {
        let mut transaction = database.begin_read().await?;
        let listed = database.query(&database.statements.list);
        let listed = listed.bind(after).bind(&states).bind(&query.route);
        let listed = listed.bind(i64::from(limit));
        let rows = listed.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut heads = Vec::with_capacity(rows.len());
        for row in &rows {
            heads.extend(Stored::read(row)?.head);
        }
        Ok(heads)
    })
    .await
}

pub(super) async fn counts(database: &Database) -> Result<Vec<Count>> {
    let mut counts = run(|| async {
        let mut transaction = database.begin_read().await?;
        let query = database.query(&database.statements.counts);
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut counts = Vec::with_capacity(rows.len());
        for row in &rows {
            let state: &str = row.try_get("state")?;
            let unknown = || OutboxError::new(OutboxErrorKind::Damaged, "a state is unknown");
            let state = State::from_name(state).ok_or_else(unknown)?;
            let messages: i64 = row.try_get("messages")?;
            let messages = u64::try_from(messages).unwrap_or_default();
            let mut count = Count::new(row.try_get::<String, _>("route")?, state, messages);
            count.oldest = Some(from_millis(row.try_get("oldest")?));
            counts.push(count);
        }
        Ok(counts)
    })
    .await?;
    counts.sort_unstable_by(|a, b| (&a.route, a.state).cmp(&(&b.route, b.state)));
    Ok(counts)
}

pub(super) async fn has_pending(database: &Database, route: &str) -> Result<bool> {
    run(|| async {
        let mut transaction = database.begin_read().await?;
        let query = database.scalar::<bool>(&database.statements.has_pending);
        let has_pending = query.bind(route).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(has_pending)
    })
    .await
}

pub(super) async fn twins(database: &Database, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
    run(|| async {
        let mut transaction = database.begin_read().await?;
        let query = database.query(&database.statements.twins_in_doubt);
        let query = query.bind(&twin.as_bytes()[..]).bind(except.as_str());
        let doubts = query.fetch_all(&mut *transaction).await?;
        // Read after those in doubt: one that is sent in between is known as both, and not as neither.
        let query = database.query(&database.statements.twins_sent);
        let query = query.bind(&twin.as_bytes()[..]).bind(except.as_str());
        let sent = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut twins = Twins::default();
        for row in &doubts {
            let in_doubt: i64 = row.try_get("in_doubt")?;
            twins.in_doubt = u64::try_from(in_doubt).unwrap_or_default();
            twins.doubts.extend(Stored::read(row)?.head);
        }
        twins.has_earlier = sent.len() > Twins::MOST_SENT;
        for row in sent.iter().take(Twins::MOST_SENT) {
            let head = Stored::read(row)?.head;
            if let Ok(Some(id)) = head.as_ref().map(Head::message_id) {
                twins.sent.push(id.clone());
                continue;
            }
            // Without an id, or unreadable, it may be any message of the platform.
            twins.in_doubt += 1;
            twins.doubts.extend(head);
        }
        twins.doubts.sort_by_key(|it| Reverse(it.seq));
        twins.doubts.truncate(Twins::MOST_DOUBTS);
        Ok(twins)
    })
    .await
}

pub(super) async fn being_sent(
    database: &Database,
    twin: &Hash,
    except: &EnvelopeId,
) -> Result<Vec<Head>> {
    run(|| async {
        // With the settings of a claim: a plan that is made while the table is empty reads all of it.
        let mut transaction = database.begin().await?;
        let query = database.query(&database.statements.being_sent);
        let query = query.bind(&twin.as_bytes()[..]).bind(except.as_str());
        let rows = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut heads = Vec::new();
        for row in &rows {
            heads.extend(Stored::read(row)?.head);
        }
        Ok(heads)
    })
    .await
}

/// Deletes messages, and the slots of targets whose time has long passed.
pub(super) async fn purge(database: &Database, purge: &Purge) -> Result<u64> {
    /// Longer than any clock is wrong.
    const PASSED: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
    let all = purge.states.is_empty();
    let finals = State::ALL.iter().filter(|it| it.is_final());
    let finals = finals.filter(|it| all || purge.states.contains(it));
    let states: Vec<&str> = finals.map(|it| it.as_str()).collect();
    let limit = if purge.limit == 0 {
        10_000
    } else {
        purge.limit
    };
    let before = purge.before.duration_since(SystemTime::UNIX_EPOCH);
    let before = before.unwrap_or_default().as_nanos().div_ceil(1_000_000);
    let before = i64::try_from(before).unwrap_or(i64::MAX);
    let passed = purge.now.checked_sub(PASSED);
    let passed = super::nanos::of(passed.unwrap_or(SystemTime::UNIX_EPOCH));
    run(|| async {
        let mut transaction = database.begin().await?;
        let query = database.query(&database.statements.purge);
        let query = query.bind(&states).bind(before).bind(i64::from(limit));
        let deleted = query.execute(&mut *transaction).await?.rows_affected();
        let query = database.query(&database.statements.purge_targets);
        query.bind(passed).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(deleted)
    })
    .await
}
