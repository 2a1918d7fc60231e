//! What is read without a transaction of its own.

use std::{cmp::Reverse, sync::LazyLock, time::Duration};

use sqlx::SqlitePool;

use super::{
    error::{OrStoreError as _, damaged},
    row::{self, COLUMNS, number, state},
};
use crate::{
    envelope::Hash,
    error::Result,
    id::{EnvelopeId, WorkerId},
    message::{Head, StoredMessage},
    store::{Count, Query, Session, Twins},
    time::from_millis,
};

static GET: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS}, c.content FROM ms_outbox_messages m \
        LEFT JOIN ms_outbox_contents c ON c.seq = m.seq WHERE m.id = ?"
    )
});

static LIST: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {COLUMNS} FROM ms_outbox_messages m WHERE m.seq > ?1 ORDER BY m.seq LIMIT ?2")
});

/// Each pair of a state and a route is one part of the index, in the order of the numbers.
static LIST_SOME: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM ms_outbox_messages m WHERE m.seq IN (
            SELECT s.seq FROM json_each(?3) k, json_each(?4) r CROSS JOIN ms_outbox_messages s
            ON s.seq IN (SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_state
                WHERE state = k.value AND route = r.value AND seq > ?1 ORDER BY seq LIMIT ?2))
        ORDER BY m.seq LIMIT ?2"
    )
});

/// The messages of one content that are being sent or unconfirmed. Their parts of the indexes are short.
static DOUBTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM ms_outbox_messages m WHERE m.seq IN (
            SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_state
            WHERE state = 1 AND twin = ?1 AND id <> ?2
            UNION ALL SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_unconfirmed
            WHERE state = 4 AND twin = ?1 AND id <> ?2)
        ORDER BY m.seq DESC LIMIT {}",
        Twins::MOST_DOUBTS
    )
});

/// The messages of one content that are being sent. Few are, so that no index of contents is needed.
static BEING_SENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM ms_outbox_messages m INDEXED BY ms_outbox_state \
        WHERE m.state = 1 AND m.twin = ?1 AND m.id <> ?2 ORDER BY m.seq DESC LIMIT {}",
        Twins::MOST_DOUBTS
    )
});

/// Those that were sent, the latest first, and one more than are looked at.
static SENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT seq, message_id FROM ms_outbox_messages INDEXED BY ms_outbox_twin \
        WHERE twin = ? AND state = 2 AND id <> ? ORDER BY seq DESC LIMIT {}",
        Twins::MOST_SENT + 1
    )
});

static BY_SEQ: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM ms_outbox_messages m WHERE m.seq IN (SELECT value FROM json_each(?))"
    )
});

pub(super) async fn get(pool: &SqlitePool, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
    let query = sqlx::query(&GET).bind(id.as_str());
    let row = query.fetch_optional(pool).await.or_store_error()?;
    row.map(|row| row::read_message(&row)).transpose()
}

pub(super) async fn list(pool: &SqlitePool, query: &Query) -> Result<Vec<Head>> {
    let limit = if query.limit == 0 { 100 } else { query.limit };
    let after = i64::try_from(query.after).unwrap_or(i64::MAX);
    let is_all = query.states.is_empty() && query.route.is_none();
    let sql: &'static str = if is_all { &LIST } else { &LIST_SOME };
    let mut select = sqlx::query(sql).bind(after).bind(i64::from(limit));
    if !is_all {
        let all = if query.states.is_empty() {
            crate::State::ALL
        } else {
            &query.states
        };
        let states: Vec<i64> = all.iter().map(|it| number(*it)).collect();
        let routes = routes(pool).await?.into_iter();
        let routes = routes.filter(|(_, name)| query.route.as_ref().is_none_or(|it| it == name));
        let routes: Vec<i64> = routes.map(|(route, _)| route).collect();
        select = select
            .bind(serde_json::json!(states).to_string())
            .bind(serde_json::json!(routes).to_string());
    }
    let rows = select.fetch_all(pool).await.or_store_error()?;
    rows.iter().map(row::read_for_list).collect()
}

async fn routes(pool: &SqlitePool) -> Result<Vec<(i64, String)>> {
    let query = sqlx::query_as("SELECT route, name FROM ms_outbox_routes");
    query.fetch_all(pool).await.or_store_error()
}

pub(super) async fn counts(pool: &SqlitePool) -> Result<Vec<Count>> {
    let sql = "SELECT r.name, c.state, c.messages, m.enqueued_at FROM (
            SELECT state, route, count(*) AS messages, min(seq) AS first
            FROM ms_outbox_messages INDEXED BY ms_outbox_state GROUP BY state, route) c
        CROSS JOIN ms_outbox_routes r ON r.route = c.route
        CROSS JOIN ms_outbox_messages m ON m.seq = c.first";
    let rows = sqlx::query_as(sql).fetch_all(pool).await.or_store_error()?;
    let count = |(route, number, messages, oldest): (String, i64, i64, Option<i64>)| {
        let state = state(number);
        let state = state.ok_or_else(|| damaged(None, "a message has an unknown state"))?;
        let messages = u64::try_from(messages).unwrap_or_default();
        let mut count = Count::new(route, state, messages);
        count.oldest = oldest.map(from_millis);
        Ok(count)
    };
    rows.into_iter().map(count).collect()
}

pub(super) async fn has_pending(pool: &SqlitePool, route: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM ms_outbox_messages INDEXED BY ms_outbox_state
        WHERE state IN (0, 1) AND route = (SELECT route FROM ms_outbox_routes WHERE name = ?))";
    let query = sqlx::query_scalar(sql).bind(route);
    query.fetch_one(pool).await.or_store_error()
}

pub(super) async fn twins(pool: &SqlitePool, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
    let doubts = sqlx::query(&DOUBTS)
        .bind(twin.as_bytes().as_slice())
        .bind(except.as_str());
    let mut doubts = doubts.fetch_all(pool).await.or_store_error()?;
    let in_doubt = "SELECT \
        (SELECT count(*) FROM ms_outbox_messages INDEXED BY ms_outbox_state \
        WHERE state = 1 AND twin = ?1 AND id <> ?2) + \
        (SELECT count(*) FROM ms_outbox_messages INDEXED BY ms_outbox_unconfirmed \
        WHERE state = 4 AND twin = ?1 AND id <> ?2)";
    let in_doubt = sqlx::query_scalar(in_doubt)
        .bind(twin.as_bytes().as_slice())
        .bind(except.as_str());
    let in_doubt: i64 = in_doubt.fetch_one(pool).await.or_store_error()?;
    // Counted after they were read: of what changed in between, the most counts.
    let in_doubt = usize::try_from(in_doubt).unwrap_or_default();
    let mut in_doubt = in_doubt.max(doubts.len());
    // Read after those in doubt: one that is sent in between is known as both, and not as neither.
    let sent = sqlx::query_as(&SENT)
        .bind(twin.as_bytes().as_slice())
        .bind(except.as_str());
    let mut sent: Vec<(i64, Option<String>)> = sent.fetch_all(pool).await.or_store_error()?;
    let has_earlier = sent.len() > Twins::MOST_SENT;
    sent.truncate(Twins::MOST_SENT);
    let nameless = sent.iter().filter(|(_, id)| id.is_none());
    let nameless: Vec<i64> = nameless.map(|(seq, _)| *seq).collect();
    if !nameless.is_empty() {
        in_doubt += nameless.len();
        let query = sqlx::query(&BY_SEQ).bind(serde_json::json!(nameless).to_string());
        doubts.extend(query.fetch_all(pool).await.or_store_error()?);
    }
    let doubts = doubts.iter().filter_map(|row| row::read(row).ok());
    let mut doubts: Vec<Head> = doubts.map(|row| row.head).collect();
    doubts.sort_by_key(|it| Reverse(it.seq));
    doubts.truncate(Twins::MOST_DOUBTS);
    let sent = sent.into_iter().filter_map(|(_, id)| Some(id?.into()));
    Ok(Twins::new(sent.collect(), in_doubt as u64, doubts).with_earlier(has_earlier))
}

pub(super) async fn being_sent(
    pool: &SqlitePool,
    twin: &Hash,
    except: &EnvelopeId,
) -> Result<Vec<Head>> {
    let query = sqlx::query(&BEING_SENT)
        .bind(twin.as_bytes().as_slice())
        .bind(except.as_str());
    let rows = query.fetch_all(pool).await.or_store_error()?;
    let heads = rows.iter().filter_map(|row| row::read(row).ok());
    Ok(heads.map(|row| row.head).collect())
}

pub(super) async fn sessions(pool: &SqlitePool) -> Result<Vec<Session>> {
    let sql = "SELECT worker, beats, lease_ms FROM ms_outbox_sessions WHERE buried_at IS NULL";
    let rows = sqlx::query_as(sql).fetch_all(pool).await.or_store_error()?;
    let session = |(worker, beats, lease): (String, i64, i64)| {
        let lease = Duration::from_millis(u64::try_from(lease).unwrap_or_default());
        let beats = u64::try_from(beats).unwrap_or_default();
        Session::new(WorkerId::from_stored(worker), beats, lease)
    };
    Ok(rows.into_iter().map(session).collect())
}
