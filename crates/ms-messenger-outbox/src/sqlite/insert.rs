//! Stores messages.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use sqlx::{Row as _, SqliteConnection};

use super::{
    error::{OrStoreError as _, damaged},
    order,
    routes::Routes,
    row::{number, rest, state},
    statement::ManyRows,
};
use crate::{
    envelope::Hash,
    error::{OutboxError, Result},
    id::EnvelopeId,
    memory::conflict,
    message::NewMessage,
    state::State,
    store::Inserted,
    time::to_millis,
};

static MESSAGES: LazyLock<ManyRows> = LazyLock::new(|| {
    let before = "INSERT INTO ms_outbox_messages (seq, id, route, state, held, due_at, expires_at, \
        owner, fence, has_slot, order_key, enqueued_at, changed_at, hash, twin, lane, message_id, \
        rest) VALUES";
    ManyRows::new(before, 18, "")
});

static CONTENTS: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO ms_outbox_contents (seq, content) VALUES",
        2,
        "",
    )
});

/// What is stored under an id.
type Known = HashMap<EnvelopeId, Result<(Hash, State), OutboxError>>;

/// A message that is stored now.
struct Row<'a> {
    seq: i64,
    route: i64,
    message: &'a NewMessage,
    rest: Option<String>,
}

/// Stores groups of messages, each as a whole or not at all. The outer error is the database's.
pub(super) async fn insert(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    groups: &[&[NewMessage]],
) -> Result<Vec<Result<Vec<Inserted>>>> {
    let mut known = known(conn, groups).await?;
    let mut seq = last_seq(conn).await?;
    let mut rows = Vec::new();
    let mut outcomes = Vec::with_capacity(groups.len());
    for group in groups {
        if let Err(error) = check(&known, group) {
            outcomes.push(Err(error));
            continue;
        }
        let mut inserted = Vec::with_capacity(group.len());
        for message in *group {
            let head = &message.head;
            if let Some(Ok((_, state))) = known.get(&head.id) {
                inserted.push(Inserted::Same(*state));
                continue;
            }
            seq += 1;
            known.insert(head.id.clone(), Ok((head.hash, head.state)));
            let route = routes.id(conn, &head.route).await?;
            let rest = rest(head)?;
            rows.push(Row {
                seq,
                route,
                message,
                rest,
            });
            inserted.push(Inserted::New);
        }
        outcomes.push(Ok(inserted));
    }
    write(conn, &rows).await?;
    Ok(outcomes)
}

async fn known(conn: &mut SqliteConnection, groups: &[&[NewMessage]]) -> Result<Known> {
    let ids = groups.iter().flat_map(|group| group.iter());
    let ids: Vec<&str> = ids.map(|it| it.head.id.as_str()).collect();
    let sql = "SELECT m.id, m.hash, m.state FROM json_each(?1) k \
        CROSS JOIN ms_outbox_messages m ON m.id = k.value";
    let query = sqlx::query(sql).bind(serde_json::json!(ids).to_string());
    let rows = query.fetch_all(conn).await.or_store_error()?;
    let mut known = Known::new();
    for row in rows {
        let id = EnvelopeId::from(row.try_get::<String, usize>(0).or_store_error()?);
        let hash = row.try_get::<&[u8], usize>(1).ok();
        let hash = hash.and_then(Hash::from_slice);
        let state = row.try_get::<i64, usize>(2).ok().and_then(state);
        let stored = hash.zip(state);
        let stored = stored.ok_or_else(|| damaged(Some(&id), "the stored message cannot be read"));
        known.insert(id, stored);
    }
    Ok(known)
}

/// Checks a whole group before anything of it is stored.
fn check(known: &Known, group: &[NewMessage]) -> Result<()> {
    let mut fresh: HashMap<&EnvelopeId, Hash> = HashMap::new();
    for NewMessage { head, .. } in group {
        let hash = match known.get(&head.id) {
            Some(Ok((hash, _))) => Some(*hash),
            Some(Err(_)) => {
                let what = "the message that is stored under the id cannot be read";
                return Err(damaged(Some(&head.id), what));
            }
            None => fresh.insert(&head.id, head.hash),
        };
        if hash.is_some_and(|it| it != head.hash) {
            return Err(conflict(&head.id));
        }
    }
    Ok(())
}

async fn last_seq(conn: &mut SqliteConnection) -> Result<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'ms_outbox_messages'";
    let seq = sqlx::query_scalar(sql).fetch_optional(conn).await;
    Ok(seq.or_store_error()?.unwrap_or(0))
}

async fn write(conn: &mut SqliteConnection, rows: &[Row<'_>]) -> Result<()> {
    for (sql, part) in MESSAGES.parts(rows) {
        let mut query = sqlx::query(sql);
        for Row {
            seq,
            route,
            message,
            rest,
        } in part
        {
            let head = &message.head;
            query = query
                .bind(*seq)
                .bind(head.id.as_str())
                .bind(*route)
                .bind(number(head.state))
                .bind(i64::from(head.order_key.is_some()))
                .bind(to_millis(head.due_at))
                .bind(to_millis(head.expires_at))
                .bind(head.owner.as_ref().map(|it| it.as_str()))
                .bind(i64::try_from(head.fence).unwrap_or(i64::MAX))
                .bind(i64::from(head.has_slot))
                .bind(head.order_key.as_deref())
                .bind(to_millis(head.enqueued_at))
                .bind(to_millis(head.changed_at))
                .bind(head.hash.as_bytes().as_slice())
                .bind(head.twin.as_bytes().as_slice())
                .bind(head.lane.as_bytes().as_slice())
                .bind(head.message_id().map(|it| it.as_str()))
                .bind(rest.as_deref());
        }
        query.execute(&mut *conn).await.or_store_error()?;
    }
    for (sql, part) in CONTENTS.parts(rows) {
        let mut query = sqlx::query(sql);
        for Row { seq, message, .. } in part {
            query = query.bind(*seq).bind(&message.content[..]);
        }
        query.execute(&mut *conn).await.or_store_error()?;
    }
    let keyed = rows
        .iter()
        .filter_map(|it| Some((it.route, it.message.head.order_key.as_deref()?)));
    let keyed: HashSet<(i64, &str)> = keyed.collect();
    order::advance(conn, &keyed).await
}
