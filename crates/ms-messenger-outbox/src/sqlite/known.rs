//! Changes messages without reading them, if they are as their workers know them.
//!
//! These are the two changes of every send: it begins, and it ends with success. The row is written
//! only if everything that the change depends on is stored as the worker knows it.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    sync::LazyLock,
    time::SystemTime,
};

use sqlx::{Row as _, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{
    apply::erase,
    error::OrStoreError as _,
    order,
    routes::Routes,
    row::{self, rest},
    statement,
};
use crate::{
    change::Change,
    error::Result,
    id::{EnvelopeId, WorkerId},
    message::Head,
    state::State,
    step::Step,
    time::to_millis,
};

/// For how many rows a statement is prepared. What is left of them is null, which is no message.
const SIZES: [usize; 5] = [0, 2, 8, 24, 64];
const MOST: usize = SIZES[SIZES.len() - 1];
/// The same for a transaction of its own: up to 256 sends that end and 256 that begin, and some more.
const ALONE_SIZES: [usize; 8] = [4, 8, 16, 32, 64, 144, 288, 544];
const ALONE_COLUMNS: usize = 7;
const MOST_ALONE: usize = ALONE_SIZES[ALONE_SIZES.len() - 1];

const BEGUN: &str = "state = 1, has_slot = 0, changed_at = column4, rest = column5";
const SENT: &str =
    "state = 2, owner = NULL, changed_at = column4, rest = column5, message_id = column6";
/// The worker is bound after the rows. What it has claimed, others can only take from it: then the row has
/// another owner.
const IS_KNOWN: &str = "seq = column1 AND owner = ? AND fence = column2 AND changed_at = column3";

/// The statements for so many rows that begin and that are sent, with and without the beginning of
/// the transaction.
static TEXTS: LazyLock<HashMap<(bool, usize, usize), String>> = LazyLock::new(|| {
    let mut texts = HashMap::new();
    for begins in [true, false] {
        for begun in SIZES {
            for sent in SIZES {
                let mut text = String::new();
                if begins {
                    text.push_str("BEGIN IMMEDIATE; ");
                }
                add_update(&mut text, BEGUN, 0, 5, begun);
                add_update(&mut text, SENT, 1, 6, sent);
                texts.insert((begins, begun, sent), text);
            }
        }
    }
    texts
});

fn add_update(text: &mut String, set: &str, state: u8, columns: usize, rows: usize) {
    if rows == 0 {
        return;
    }
    let row = format!("({})", vec!["?"; columns].join(", "));
    let rows = vec![row.as_str(); rows].join(", ");
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "WITH v AS (VALUES {rows}) UPDATE OR ROLLBACK ms_outbox_messages NOT INDEXED \
        SET {set} FROM v \
        WHERE {IS_KNOWN} AND state = {state}; SELECT changes(); "
    );
}

/// The statements of a transaction of their own, for so many rows.
static ALONE: LazyLock<HashMap<usize, String>> = LazyLock::new(|| {
    let text = |rows: usize| {
        let row = format!("({})", ["?"; ALONE_COLUMNS].join(", "));
        let rows = vec![row.as_str(); rows].join(", ");
        format!(
            "WITH v AS (VALUES {rows}) UPDATE OR ROLLBACK ms_outbox_messages NOT INDEXED \
            SET state = column7, owner = iif(column7 = 1, owner, NULL), \
            has_slot = iif(column7 = 1, 0, has_slot), changed_at = column4, rest = column5, \
            message_id = column6 FROM v WHERE {IS_KNOWN} AND state = column7 - 1"
        )
    };
    let texts = ALONE_SIZES.into_iter().map(|rows| (rows, text(rows)));
    texts.collect()
});

/// A change whose outcome follows from what its worker knows.
pub(super) struct Foreseen<'a> {
    /// Its place among the changes.
    pub(super) place: usize,
    pub(super) after: Head,
    before: &'a Head,
    rest: Option<String>,
    erases: bool,
}

/// The changes whose outcome follows from what their workers know, in their order.
pub(super) fn foresee<'a>(changes: &[&'a Change]) -> Vec<Foreseen<'a>> {
    let now = SystemTime::now();
    let Some(worker) = worker(changes) else {
        return Vec::new();
    };
    let mut once: HashSet<&EnvelopeId> = HashSet::with_capacity(changes.len());
    let mut several: HashSet<&EnvelopeId> = HashSet::new();
    for change in changes {
        if !once.insert(&change.id) {
            several.insert(&change.id);
        }
    }
    let changes = changes.iter().enumerate();
    let alone = changes.filter(|(_, it)| !several.contains(&it.id));
    alone
        .filter_map(|(place, change)| Foreseen::of(place, change, worker, now))
        .collect()
}

/// The worker whose changes are foreseen: the first one's. Several workers rarely share a store.
fn worker<'a>(changes: &[&'a Change]) -> Option<&'a WorkerId> {
    let mut leases = changes.iter().filter_map(|it| it.lease.as_ref());
    leases.next().map(|it| &it.worker)
}

impl<'a> Foreseen<'a> {
    fn of(place: usize, change: &'a Change, worker: &WorkerId, now: SystemTime) -> Option<Self> {
        let before: &Head = change.known.as_deref()?;
        let is_meant = matches!(
            (&change.step, before.state),
            (Step::Begin(_), State::Queued) | (Step::Sent { .. }, State::Sending)
        );
        let is_own = before.owner.as_ref() == Some(worker);
        if !is_meant || change.lease.is_none() || !is_own || before.id != change.id {
            return None;
        }
        let mut after = before.clone();
        change.apply(&mut after, now).ok()?;
        Some(Self {
            place,
            rest: rest(&after).ok()?,
            after,
            before,
            erases: change.erases_content(),
        })
    }

    fn bind<'q>(&'q self, query: Bound<'q>) -> Bound<'q> {
        let query = query
            .bind(number(self.before.seq))
            .bind(number(self.before.fence))
            .bind(to_millis(self.before.changed_at))
            .bind(to_millis(self.after.changed_at))
            .bind(self.rest.as_deref());
        match self.after.state {
            State::Sent => query.bind(self.message_id()),
            _ => query,
        }
    }

    fn message_id(&self) -> Option<&str> {
        self.after.message_id().map(|it| it.as_str())
    }

    /// Whether the row is all that the change writes.
    fn is_alone(&self) -> bool {
        let takes_turn = self.after.state.is_final() && self.after.order_key.is_some();
        !self.erases && !takes_turn
    }

    /// Whether the message is stored as after the change. Nobody else writes that: the change says
    /// when it was made, under a lease that one worker has.
    pub(super) fn is_made(&self, stored: &Head) -> bool {
        let is_same = |it: &Head| (it.state, it.fence, it.changed_at);
        is_same(stored) == is_same(&self.after)
            && stored.owner == self.after.owner
            && rest(stored).is_ok_and(|it| it == self.rest)
    }
}

type Bound<'q> = Query<'q, Sqlite, SqliteArguments<'q>>;

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All changes, if each is foreseen and one statement can make them.
pub(super) fn alone<'a>(changes: &[&'a Change]) -> Option<Vec<Foreseen<'a>>> {
    if changes.is_empty() || changes.len() > MOST_ALONE {
        return None;
    }
    let foreseen = foresee(changes);
    let is_all = foreseen.len() == changes.len();
    (is_all && foreseen.iter().all(Foreseen::is_alone)).then_some(foreseen)
}

/// The worker of changes, which all have the same.
fn owner<'a>(first: Option<&'a Foreseen<'_>>) -> Option<&'a str> {
    first?.before.owner.as_ref().map(|it| it.as_str())
}

/// Makes the changes in a transaction of their own, by one way to the thread of the connection and
/// back. Returns whether all messages were as they are known; else some changes may be made.
pub(super) async fn write_alone(
    conn: &mut SqliteConnection,
    changes: &[Foreseen<'_>],
) -> Result<bool> {
    let size = size(&ALONE_SIZES, changes.len());
    let text = ALONE.get(&size);
    let mut query = sqlx::query(text.map_or("", String::as_str));
    for change in changes {
        query = change.bind(query);
        if change.after.state != State::Sent {
            query = query.bind(change.message_id());
        }
        query = query.bind(row::number(change.after.state));
    }
    for _ in changes.len() * ALONE_COLUMNS..size * ALONE_COLUMNS {
        query = query.bind(None::<i64>);
    }
    query = query.bind(owner(changes.first()));
    let made = statement::run(conn, query).await?;
    Ok(usize::try_from(made).is_ok_and(|it| it == changes.len()))
}

/// Begins a transaction, and makes the changes in it. Returns whether all messages were as they are
/// known; else the transaction is of no use.
pub(super) async fn begin(conn: &mut SqliteConnection, changes: &[Foreseen<'_>]) -> Result<bool> {
    let (mut begun, mut sent): (Vec<_>, Vec<_>) = changes
        .iter()
        .partition(|it| it.after.state == State::Sending);
    let mut begins = true;
    while begins || !begun.is_empty() || !sent.is_empty() {
        let (left_begun, left_sent) = (split(&mut begun), split(&mut sent));
        if !write(conn, begins, &begun, &sent).await? {
            return Ok(false);
        }
        (begun, sent, begins) = (left_begun, left_sent, false);
    }
    Ok(true)
}

fn split<T>(rows: &mut Vec<T>) -> Vec<T> {
    rows.split_off(rows.len().min(MOST))
}

/// The smallest size for so many rows; there is one.
fn size(sizes: &[usize], rows: usize) -> usize {
    let fitting = sizes.iter().find(|it| **it >= rows);
    fitting.copied().unwrap_or(rows)
}

async fn write(
    conn: &mut SqliteConnection,
    begins: bool,
    begun: &[&Foreseen<'_>],
    sent: &[&Foreseen<'_>],
) -> Result<bool> {
    let sizes = (size(&SIZES, begun.len()), size(&SIZES, sent.len()));
    let text = TEXTS.get(&(begins, sizes.0, sizes.1));
    let mut query = sqlx::query(text.map_or("", String::as_str));
    for (rows, size, columns) in [(begun, sizes.0, 5), (sent, sizes.1, 6)] {
        for row in rows {
            query = row.bind(query);
        }
        for _ in rows.len() * columns..size * columns {
            query = query.bind(None::<i64>);
        }
        if size > 0 {
            query = query.bind(owner(rows.first().copied()));
        }
    }
    let changed = query.fetch_all(conn).await.or_store_error()?;
    let mut all = 0;
    for row in changed {
        all += row.try_get::<i64, usize>(0).or_store_error()?;
    }
    Ok(usize::try_from(all).is_ok_and(|it| it == begun.len() + sent.len()))
}

/// Does what follows from the changes.
pub(super) async fn end(
    conn: &mut SqliteConnection,
    routes: &mut Routes,
    changes: &[Foreseen<'_>],
) -> Result<()> {
    let erased = changes.iter().filter(|it| it.erases);
    let erased: Vec<u64> = erased.map(|it| it.before.seq).collect();
    erase(conn, &erased).await?;
    let mut turned = HashSet::new();
    for Foreseen { after, .. } in changes.iter().filter(|it| it.after.state.is_final()) {
        if let Some(key) = &after.order_key {
            turned.insert((routes.id(conn, &after.route).await?, key.as_str()));
        }
    }
    order::advance(conn, &turned).await
}
