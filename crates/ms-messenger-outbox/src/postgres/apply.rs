//! Changes messages.

use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

use sqlx::{PgConnection, Row as _};

use super::{
    database::{Database, run},
    failure::Failure,
    order::Keys,
    row::{Stored, Updates, may_move_order, message_ref},
};
use crate::{
    change::Change, error::Result, message::Head, outbox::not_found, step::Step, store::Report,
};

/// Applies changes in one transaction, each for itself.
pub(super) async fn apply(database: &Database, changes: &[Change]) -> Result<Vec<Result<Head>>> {
    run(|| async {
        let mut transaction = database.begin().await?;
        let mut locked = Locked::for_changes(database, &mut transaction, changes).await?;
        let now = SystemTime::now();
        let applied = changes.iter().map(|it| locked.apply(it, now)).collect();
        locked.write(database, &mut transaction).await?;
        transaction.commit().await?;
        Ok(applied)
    })
    .await
}

/// Whether a change may need the lock of an order key, which a transaction of a caller can have.
pub(super) fn may_wait(change: &Change) -> bool {
    let has_key = |it: &Head| it.order_key.is_some();
    may_move_order(change) && change.known.as_deref().is_none_or(has_key)
}

/// Raises the status of the sent messages with an id.
pub(super) async fn report(database: &Database, report: &Report) -> Result<u64> {
    let step = Step::Report {
        status: report.status,
        code: report.code.clone(),
    };
    run(|| async {
        let mut transaction = database.begin().await?;
        let query = database.query(&database.statements.reported);
        let query = query.bind(message_ref(report.message_id.as_str()));
        let rows = query.fetch_all(&mut *transaction).await?;
        let mut locked = Locked::default();
        for row in &rows {
            let stored = Stored::read(row)?;
            if stored
                .head
                .as_ref()
                .is_ok_and(|head| is_meant(head, report))
            {
                locked.add(stored);
            }
        }
        let now = SystemTime::now();
        let ids: Vec<String> = locked.rows.keys().cloned().collect();
        let changes = ids
            .into_iter()
            .map(|id| Change::by_person(id.into(), step.clone()));
        let raised = changes.filter(|it| locked.apply(it, now).is_ok()).count();
        locked.write(database, &mut transaction).await?;
        transaction.commit().await?;
        Ok(raised as u64)
    })
    .await
}

fn is_meant(head: &Head, report: &Report) -> bool {
    let receipt = head.receipt.as_ref();
    let conversation = receipt.and_then(|it| it.conversation.as_ref());
    let is_there = report.conversation.is_none()
        || conversation.is_none()
        || report.conversation.as_ref() == conversation;
    is_there && head.message_id() == Some(&report.message_id)
}

/// Messages that are locked until the end of a transaction.
#[derive(Default)]
struct Locked {
    rows: HashMap<String, Row>,
    /// Keys of which a message was ended.
    left: Keys,
    /// Keys of which an ended message came back.
    entered: Keys,
}

struct Row {
    seq: i64,
    head: Result<Head>,
    is_changed: bool,
    erases: bool,
}

impl Locked {
    /// Locks what changes need: first the order keys, then the messages by their ids, as every
    /// transaction does, so that none waits for another in a circle.
    async fn for_changes(
        database: &Database,
        connection: &mut PgConnection,
        changes: &[Change],
    ) -> Result<Self, Failure> {
        let moving = changes.iter().filter(|it| may_wait(it));
        let moving: Vec<&str> = moving.map(|it| it.id.as_str()).collect();
        if !moving.is_empty() {
            let mut keys = Keys::default();
            let query = database.query(&database.statements.order_keys);
            for row in query.bind(&moving).fetch_all(&mut *connection).await? {
                keys.add(row.try_get("route")?, row.try_get("order_key")?);
            }
            keys.lock(database, connection).await?;
        }
        let mut ids: Vec<&str> = changes.iter().map(|it| it.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut locked = Self::default();
        let query = database.query(&database.statements.lock).bind(&ids);
        for row in &query.fetch_all(connection).await? {
            locked.add(Stored::read(row)?);
        }
        Ok(locked)
    }

    fn add(&mut self, stored: Stored) {
        let row = Row {
            seq: stored.seq,
            head: stored.head,
            is_changed: false,
            erases: false,
        };
        self.rows.insert(stored.id, row);
    }

    fn apply(&mut self, change: &Change, now: SystemTime) -> Result<Head> {
        let row = self.rows.get_mut(change.id.as_str());
        let row = row.ok_or_else(|| not_found(&change.id))?;
        let head = match &mut row.head {
            Ok(head) => head,
            Err(error) => return Err(again(error)),
        };
        let held = head.holds_order();
        change.apply(head, now)?;
        row.is_changed = true;
        row.erases |= change.erases_content();
        if let Some(key) = head
            .order_key
            .as_ref()
            .filter(|_| held != head.holds_order())
        {
            let moved = if held {
                &mut self.left
            } else {
                &mut self.entered
            };
            moved.add(&head.route, key);
        }
        Ok(head.clone())
    }

    /// Writes what was changed.
    async fn write(
        &self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        let changed = self.rows.values().filter(|row| row.is_changed);
        let mut updates = Updates::default();
        let mut is_due = false;
        // By sequence, as every statement that changes several messages.
        let sorted: BTreeMap<i64, &Row> = changed.map(|row| (row.seq, row)).collect();
        for (seq, row) in &sorted {
            if let Ok(head) = &row.head {
                updates.add(*seq, head, row.erases)?;
                is_due |= head.owner.is_none() && !head.state.is_final();
            }
        }
        if sorted.is_empty() {
            return Ok(());
        }
        updates.write(database, connection).await?;
        self.entered.demote(database, connection).await?;
        is_due |= self.entered.promote(database, connection).await? > 0;
        is_due |= self.left.promote(database, connection).await? > 0;
        if is_due {
            database.announce(connection).await?;
        }
        Ok(())
    }
}

/// The same error for another change of the same message.
fn again(error: &crate::error::OutboxError) -> crate::error::OutboxError {
    let again = crate::error::OutboxError::new(error.kind(), "the stored message cannot be read");
    match error.id() {
        Some(id) => again.with_id(id),
        None => again,
    }
}
