//! Keeps up which message of an order key comes first.
//!
//! Of the open messages of a key, the earliest is not held, and all others are.

use std::collections::HashSet;

use sqlx::SqliteConnection;

use super::error::OrStoreError as _;
use crate::error::Result;

const ADVANCE: &str = "UPDATE ms_outbox_messages SET held = 0 WHERE seq IN (
    SELECT (SELECT min(m.seq) FROM ms_outbox_messages m INDEXED BY ms_outbox_order
        WHERE m.route = k.value ->> 0 AND m.order_key = k.value ->> 1 AND m.held = 1
        AND (m.state = 0 OR m.state = 1 OR m.state = 4))
    FROM json_each(?1) k WHERE NOT EXISTS (
        SELECT 1 FROM ms_outbox_messages m INDEXED BY ms_outbox_order
        WHERE m.route = k.value ->> 0 AND m.order_key = k.value ->> 1 AND m.held = 0
        AND (m.state = 0 OR m.state = 1 OR m.state = 4)))";

const HOLD: &str = "UPDATE ms_outbox_messages SET held = 1 WHERE seq IN (
    SELECT m.seq FROM json_each(?1) k CROSS JOIN ms_outbox_messages m INDEXED BY ms_outbox_order
    ON m.route = k.value ->> 0 AND m.order_key = k.value ->> 1 AND m.held = 0
        AND (m.state = 0 OR m.state = 1 OR m.state = 4))";

/// Lets the earliest open message of each key go, unless one is let go already.
pub(super) async fn advance(
    conn: &mut SqliteConnection,
    keys: &HashSet<(i64, &str)>,
) -> Result<()> {
    run(conn, ADVANCE, keys).await
}

/// Holds all open messages of each key, before [`advance`] decides again.
pub(super) async fn hold(conn: &mut SqliteConnection, keys: &HashSet<(i64, &str)>) -> Result<()> {
    run(conn, HOLD, keys).await
}

async fn run(
    conn: &mut SqliteConnection,
    sql: &'static str,
    keys: &HashSet<(i64, &str)>,
) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(sql).bind(serde_json::json!(keys).to_string());
    query.execute(conn).await.map(drop).or_store_error()
}
