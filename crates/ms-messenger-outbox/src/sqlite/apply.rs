//! Changes messages.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
    time::SystemTime,
};

use ms_messenger_core::ConversationId;
use sqlx::SqliteConnection;

use super::{
    error::{OrStoreError as _, closed},
    known::{self, Foreseen},
    order,
    routes::Routes,
    row::{self, COLUMNS, Row, number, rest},
    statement::ManyRows,
};
use crate::{
    change::Change, error::Result, id::EnvelopeId, message::Head, outbox::not_found, step::Step,
    store::Report, time::to_millis,
};

static UPDATE: LazyLock<ManyRows> = LazyLock::new(|| {
    let before = "WITH v AS (VALUES";
    let after = ") UPDATE ms_outbox_messages SET state = column2, due_at = column3, \
        expires_at = column4, owner = column5, has_slot = column6, changed_at = column7, \
        message_id = column8, rest = column9 FROM v WHERE seq = column1";
    ManyRows::new(before, 9, after)
});

static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM json_each(?1) k CROSS JOIN ms_outbox_messages m ON m.id = k.value"
    )
});

static SELECT_SENT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM ms_outbox_messages m INDEXED BY ms_outbox_message_id \
        WHERE m.message_id = ?1 AND m.state = 2"
    )
});

/// A message, and what has become of it in this transaction.
struct Changed {
    row: Row,
    is_changed: bool,
    is_erased: bool,
    was_open: bool,
}

impl Changed {
    fn new(row: Row) -> Self {
        let was_open = !row.head.state.is_final();
        Self {
            row,
            is_changed: false,
            is_erased: false,
            was_open,
        }
    }

    fn apply(&mut self, change: &Change, now: SystemTime) -> Result<Head> {
        change.apply(&mut self.row.head, now)?;
        self.is_changed = true;
        self.is_erased |= change.erases_content();
        Ok(self.row.head.clone())
    }
}

/// Applies changes, each for itself, but for those that were foreseen and are written already. The
/// outer error is the database's. Of `perhaps`, some are made.
pub(super) async fn apply(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    changes: &[&Change],
    foreseen: Vec<Foreseen<'_>>,
    perhaps: &[Foreseen<'_>],
) -> Result<Vec<Result<Head>>> {
    known::end(conn, routes, &foreseen).await?;
    let mut foreseen = foreseen.into_iter().peekable();
    let mut outcomes = Vec::with_capacity(changes.len());
    let mut others = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let known = foreseen.next_if(|it| it.place == place);
        if known.is_none() {
            others.push(*change);
        }
        outcomes.push(known.map(|it| it.after));
    }
    let mut read = read_and_apply(conn, &others, perhaps).await?.into_iter();
    let outcomes = outcomes.into_iter();
    let outcomes = outcomes
        .map(|known| known.map_or_else(|| read.next().unwrap_or_else(|| Err(closed())), Ok));
    Ok(outcomes.collect())
}

async fn read_and_apply(
    conn: &mut SqliteConnection,
    changes: &[&Change],
    perhaps: &[Foreseen<'_>],
) -> Result<Vec<Result<Head>>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let now = SystemTime::now();
    let mut stored = stored(conn, changes).await?;
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        let made = perhaps.iter().find(|it| it.after.id == change.id);
        outcomes.push(match stored.get_mut(&change.id) {
            Some(Ok(message)) if made.is_some_and(|it| it.is_made(&message.row.head)) => {
                Ok(message.row.head.clone())
            }
            Some(Ok(message)) => message.apply(change, now),
            Some(Err(error)) => Err(error.again().with_id(&change.id)),
            None => Err(not_found(&change.id)),
        });
    }
    let changed = stored.into_values().filter_map(Result::ok);
    let changed: Vec<Changed> = changed.filter(|it| it.is_changed).collect();
    write(conn, &changed).await?;
    Ok(outcomes)
}

async fn stored(
    conn: &mut SqliteConnection,
    changes: &[&Change],
) -> Result<HashMap<EnvelopeId, Result<Changed>>> {
    let ids: HashSet<&str> = changes.iter().map(|it| it.id.as_str()).collect();
    let query = sqlx::query(&SELECT).bind(serde_json::json!(ids).to_string());
    let rows = query.fetch_all(conn).await.or_store_error()?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in rows {
        match row::read(&row) {
            Ok(row) => {
                let id = row.head.id.clone();
                stored.insert(id, Ok(Changed::new(row)));
            }
            Err(error) => {
                if let Some(id) = error.id().cloned() {
                    stored.insert(id, Err(error));
                }
            }
        }
    }
    Ok(stored)
}

/// Raises the status of sent messages, by the index of their ids. Returns how many.
pub(super) async fn report(conn: &mut SqliteConnection, report: &Report) -> Result<u64> {
    let now = SystemTime::now();
    let query = sqlx::query(&SELECT_SENT).bind(report.message_id.as_str());
    let rows = query.fetch_all(&mut *conn).await.or_store_error()?;
    let rows = rows.iter().filter_map(|it| row::read(it).ok());
    let mut changed = Vec::new();
    for row in rows.filter(|it| is_in(&it.head, report.conversation.as_ref())) {
        let step = Step::Report {
            status: report.status,
            code: report.code.clone(),
        };
        let change = Change::by_person(row.head.id.clone(), step);
        let mut message = Changed::new(row);
        if message.apply(&change, now).is_ok() {
            changed.push(message);
        }
    }
    write(conn, &changed).await?;
    Ok(changed.len() as u64)
}

/// Whether a message is in a conversation, as far as its receipt says.
fn is_in(head: &Head, conversation: Option<&ConversationId>) -> bool {
    let own = head
        .receipt
        .as_ref()
        .and_then(|it| it.conversation.as_ref());
    own.zip(conversation)
        .is_none_or(|(own, other)| own == other)
}

async fn write(conn: &mut SqliteConnection, changed: &[Changed]) -> Result<()> {
    for (sql, part) in UPDATE.parts(changed) {
        let mut query = sqlx::query(sql);
        for Changed { row, .. } in part {
            let head = &row.head;
            query = query
                .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
                .bind(number(head.state))
                .bind(to_millis(head.due_at))
                .bind(to_millis(head.expires_at))
                .bind(head.owner.as_ref().map(|it| it.as_str()))
                .bind(i64::from(head.has_slot))
                .bind(to_millis(head.changed_at))
                .bind(head.message_id().map(|it| it.as_str()))
                .bind(rest(head)?);
        }
        query.execute(&mut *conn).await.or_store_error()?;
    }
    let erased = changed.iter().filter(|it| it.is_erased);
    let erased: Vec<u64> = erased.map(|it| it.row.head.seq).collect();
    erase(conn, &erased).await?;
    let keyed = |wanted: fn(&Changed) -> bool| -> HashSet<(i64, &str)> {
        let changed = changed.iter().filter(|it| wanted(it));
        let keys = changed.filter_map(|it| Some((it.row.route, it.row.head.order_key.as_deref()?)));
        keys.collect()
    };
    let reopened = keyed(|it| !it.was_open && !it.row.head.state.is_final());
    let turned = keyed(|it| it.was_open == it.row.head.state.is_final());
    order::hold(conn, &reopened).await?;
    order::advance(conn, &turned).await
}

/// Erases the contents of messages.
pub(super) async fn erase(conn: &mut SqliteConnection, erased: &[u64]) -> Result<()> {
    if erased.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM ms_outbox_contents WHERE seq IN (SELECT value FROM json_each(?))";
    let query = sqlx::query(sql).bind(serde_json::json!(erased).to_string());
    query.execute(conn).await.map(drop).or_store_error()
}
