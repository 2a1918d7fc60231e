//! Sessions, pauses and deletions.

use std::{sync::LazyLock, time::SystemTime};

use sqlx::SqliteConnection;

use super::{claim::to_nanos, error::OrStoreError as _, routes::Routes, row::number};
use crate::{
    error::Result,
    pause::Pause,
    state::State,
    store::{Beat, Purge, Session},
    time::{SKEW, after, from_millis, to_millis, whole_up},
};

/// For how long it is known that a worker was buried: far longer than a process is stopped.
const BURIED_MS: i64 = 30 * 24 * 60 * 60 * 1000;

pub(super) async fn beat(conn: &mut SqliteConnection, beat: &Beat) -> Result<bool> {
    let opens = "INSERT INTO ms_outbox_sessions (worker, beats, lease_ms) VALUES (?1, 1, ?2) \
        ON CONFLICT (worker) DO UPDATE SET beats = beats + 1, lease_ms = excluded.lease_ms \
        WHERE buried_at IS NULL";
    let counts = "UPDATE ms_outbox_sessions SET beats = beats + 1, lease_ms = ?2 \
        WHERE worker = ?1 AND buried_at IS NULL";
    let lease = i64::try_from(beat.lease.as_millis()).unwrap_or(i64::MAX);
    let query = sqlx::query(if beat.is_first { opens } else { counts });
    let query = query.bind(beat.worker.as_str()).bind(lease);
    Ok(query.execute(conn).await.or_store_error()?.rows_affected() > 0)
}

/// [`Head::orphan`](crate::Head::orphan) as a statement.
static ORPHAN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE ms_outbox_messages SET owner = NULL, due_at = min(due_at, {DUE_FROM}) \
        WHERE owner = ?1 AND seq IN (\
        SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_claimed \
        WHERE owner IS NOT NULL AND state = 0 AND owner = ?1 \
        UNION ALL SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_state \
        WHERE state = 1 AND owner = ?1)"
    )
});

pub(super) async fn bury(
    conn: &mut SqliteConnection,
    session: &Session,
    now: SystemTime,
) -> Result<bool> {
    let at = to_millis(SystemTime::now());
    let sql = "UPDATE ms_outbox_sessions SET buried_at = ? \
        WHERE worker = ? AND beats = ? AND buried_at IS NULL";
    let query = sqlx::query(sql)
        .bind(at)
        .bind(session.worker.as_str())
        .bind(i64::try_from(session.beats).unwrap_or(i64::MAX));
    let buried = query.execute(&mut *conn).await.or_store_error()?;
    if buried.rows_affected() == 0 {
        return Ok(false);
    }
    // No other state has a worker.
    let query = sqlx::query(&ORPHAN)
        .bind(session.worker.as_str())
        .bind(to_millis(now));
    query.execute(&mut *conn).await.or_store_error()?;
    let sql = "DELETE FROM ms_outbox_sessions WHERE buried_at < ?";
    let query = sqlx::query(sql).bind(at - BURIED_MS);
    query.execute(conn).await.or_store_error()?;
    Ok(true)
}

pub(super) async fn pause(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    route: &str,
    until: SystemTime,
) -> Result<()> {
    let route = routes.id(conn, route).await?;
    let sql = "SELECT paused_until, paused_at FROM ms_outbox_routes WHERE route = ?";
    let query = sqlx::query_as(sql).bind(route);
    let (paused_until, paused_at) = query.fetch_one(&mut *conn).await.or_store_error()?;
    let stored = Pause::new(from_millis(paused_until), from_millis(paused_at));
    write_pause(conn, route, stored.extended(until, SystemTime::now())).await
}

/// Writes the pause of a route.
pub(super) async fn write_pause(
    conn: &mut SqliteConnection,
    route: i64,
    pause: Pause,
) -> Result<()> {
    let sql = "UPDATE ms_outbox_routes SET paused_until = ?, paused_at = ? WHERE route = ?";
    let query = sqlx::query(sql)
        .bind(to_millis(whole_up(pause.until)))
        .bind(to_millis(pause.set_at))
        .bind(route);
    query.execute(conn).await.map(drop).or_store_error()
}

/// How many messages one call brings to the clock, at most.
const RECALLED: i64 = 10_000;

/// When a message is due, if it waits for nothing but the time `?2` and the one that its caller gave: as in
/// [`Head::recall`](crate::Head::recall).
const DUE_FROM: &str = "CASE WHEN state = 1 THEN ?2 \
    WHEN (CASE WHEN json_valid(rest) THEN rest ->> 'not_before' END) IS NOT NULL \
        THEN max(?2, CAST(rest ->> 'not_before' AS INTEGER)) \
    WHEN fence = 0 AND has_slot = 0 AND due_at > changed_at \
        AND (CASE WHEN json_valid(rest) THEN coalesce(rest ->> 'failures', 0) ELSE 0 END) = 0 \
        THEN max(?2, due_at) \
    ELSE ?2 END";

static RECALL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE ms_outbox_messages SET due_at = min(due_at, {DUE_FROM}), \
        has_slot = iif(due_at > {DUE_FROM}, 0, has_slot), \
        enqueued_at = min(enqueued_at, ?2), changed_at = ?2 \
        WHERE seq IN (SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_open \
        WHERE route = (SELECT route FROM ms_outbox_routes WHERE name = ?1) \
        AND owner IS NULL AND (state = 0 OR state = 1) AND changed_at > ?3 LIMIT ?4)"
    )
});

/// [`Head::recall`](crate::Head::recall) as a statement.
pub(super) async fn recall(
    conn: &mut SqliteConnection,
    route: &str,
    now: SystemTime,
) -> Result<u64> {
    let query = sqlx::query(&RECALL)
        .bind(route)
        .bind(to_millis(now))
        .bind(to_millis(after(now, SKEW)))
        .bind(RECALLED);
    Ok(query.execute(conn).await.or_store_error()?.rows_affected())
}

pub(super) async fn purge(conn: &mut SqliteConnection, purge: &Purge) -> Result<u64> {
    let limit = if purge.limit == 0 {
        10_000
    } else {
        purge.limit
    };
    let states = State::ALL.iter().filter(|it| it.is_final());
    let states = states.filter(|it| purge.states.is_empty() || purge.states.contains(it));
    let states: Vec<i64> = states.map(|it| number(*it)).collect();
    let sql = "DELETE FROM ms_outbox_messages WHERE seq IN (
        SELECT seq FROM ms_outbox_messages INDEXED BY ms_outbox_final
        WHERE (state = 2 OR state = 3 OR state = 5 OR state = 6)
        AND state IN (SELECT value FROM json_each(?1))
        AND changed_at < ?2 ORDER BY changed_at LIMIT ?3)";
    let query = sqlx::query(sql)
        .bind(serde_json::json!(states).to_string())
        .bind(to_millis(purge.before))
        .bind(i64::from(limit));
    let purged = query.execute(&mut *conn).await.or_store_error()?;
    // Slots that are due say no more than none.
    let sql = "DELETE FROM ms_outbox_lanes WHERE next_slot < ?";
    let query = sqlx::query(sql).bind(to_nanos(purge.now));
    query.execute(conn).await.or_store_error()?;
    Ok(purged.rows_affected())
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};

    use super::*;
    use crate::sqlite::schema::{MIGRATIONS, migrate};

    #[tokio::test]
    async fn what_waits_for_later_is_not_looked_at_by_a_recall() {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate(&mut conn, MIGRATIONS).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", &*RECALL);
        let query = sqlx::query(&sql).bind("teams").bind(1).bind(2).bind(3);
        let rows = query.fetch_all(&mut conn).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|it| it.get("detail")).collect();
        let by_time = "SEARCH ms_outbox_messages USING INDEX ms_outbox_open \
            (route=? AND changed_at>?)";
        assert!(plan.iter().any(|it| it == by_time), "{plan:?}");
        assert!(!plan.iter().any(|it| it.starts_with("SCAN")), "{plan:?}");
    }
}
