//! Leases messages.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    control,
    error::OrStoreError as _,
    line::{self, LINE},
    row::{self, COLUMNS},
    statement,
};
use crate::{
    budget::{Rate, Slots},
    envelope::Hash,
    error::Result,
    message::StoredMessage,
    pause::Pause,
    state::State,
    store::{Claim, Claimed},
    time::{from_millis, to_millis},
};

/// How many messages one claim looks at, at most: each of them may have to wait for its target.
const MOST: usize = 2000;

/// The route of the claim, if the worker has a session.
const ROUTE: &str = "SELECT route, paused_until, next_slot, paused_at, taken_at \
    FROM ms_outbox_routes WHERE name = ?1 \
    AND EXISTS (SELECT 1 FROM ms_outbox_sessions WHERE worker = ?2 AND buried_at IS NULL)";

const BY_INDEX: &str = "LEFT JOIN ms_outbox_contents c ON c.seq = m.seq WHERE m.owner IS NULL";

const IS_WAITING: &str = "(m.state = 1 OR (m.state = 0 AND m.held = 0))";

/// What waits unless the route is paused.
const WAITS: &str = "AND m.route = \
    (SELECT route FROM ms_outbox_routes WHERE name = ?1 AND paused_until <= ?3) \
    ORDER BY m.due, m.seq LIMIT ?4";

/// The route, and the first page, on one way to the thread of the connection.
static FIRST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{ROUTE}; \
        SELECT {COLUMNS}, c.content, m.due FROM ms_outbox_messages m INDEXED BY ms_outbox_due \
        {BY_INDEX} AND {IS_WAITING} {WAITS}"
    )
});

/// The same, all messages in one row.
static FIRST_LINES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{ROUTE}; \
        SELECT group_concat(line, char(10)) FROM (SELECT {LINE} AS line \
        FROM ms_outbox_messages m INDEXED BY ms_outbox_due {BY_INDEX} AND {IS_WAITING} {WAITS})"
    )
});

const AFTER: &str = "AND m.route = ?1 AND (m.due, m.seq) > (?2, ?3) ORDER BY m.due, m.seq LIMIT ?4";

static WAITING: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS}, c.content, m.due FROM ms_outbox_messages m INDEXED BY ms_outbox_due \
        {BY_INDEX} AND {IS_WAITING} {AFTER}"
    )
});

/// Of a route that is paused.
static SENDING: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS}, c.content, m.due FROM ms_outbox_messages m \
        INDEXED BY ms_outbox_sending {BY_INDEX} AND m.state = 1 {AFTER}"
    )
});

/// Leases messages.
pub(super) async fn claim(conn: &mut SqliteConnection, claim: &Claim) -> Result<Claimed> {
    let limit = (claim.limit as usize).saturating_add(1).min(MOST);
    // Where targets have rates, it can take several pages.
    if claim.budget.target.is_none() {
        let Some((claiming, lines)) = Claiming::open(conn, claim, limit, &FIRST_LINES).await?
        else {
            return Ok(Claimed::default());
        };
        if !claiming.is_paused
            && claiming.moved.is_none()
            && let Some(lines) = lines.first()
            && let Some(messages) = line::read(lines, &claim.route)?
        {
            return claiming.take_all(conn, messages, limit).await;
        }
    }
    let Some((mut claiming, first)) = Claiming::open(conn, claim, limit, &FIRST).await? else {
        return Ok(Claimed::default());
    };
    let mut after = (i64::MIN, 0);
    let mut seen = 0;
    let mut page = if claiming.is_paused || claiming.moved.is_some() {
        claiming.page(conn, after, limit).await?
    } else {
        first
    };
    loop {
        let is_last = page.len() < limit;
        seen += page.len();
        for row in page {
            after = (
                row.try_get(18).or_store_error()?,
                row.try_get(0).or_store_error()?,
            );
            // A damaged message is left where it is.
            if let Ok(message) = row::read_message(&row)
                && !claiming.take(conn, message).await?
            {
                return claiming.finish(conn).await;
            }
        }
        if is_last {
            return claiming.finish(conn).await;
        }
        if seen >= MOST {
            claiming.note(claim.now);
            return claiming.finish(conn).await;
        }
        page = claiming.page(conn, after, limit).await?;
    }
}

/// One claim in progress.
struct Claiming<'a> {
    claim: &'a Claim,
    route: i64,
    is_paused: bool,
    /// The pause, if it counts from another time than it was stored with.
    moved: Option<Pause>,
    slots: Slots,
    slots_before: Slots,
    lanes: HashMap<Hash, Slots>,
    waits: Vec<(u64, i64)>,
    claimed: Claimed,
    slotted: HashSet<u64>,
}

impl<'a> Claiming<'a> {
    /// Begins, with the first messages; `None` if the worker has no session, or the route has no
    /// message.
    async fn open(
        conn: &mut SqliteConnection,
        claim: &'a Claim,
        limit: usize,
        first: &'static str,
    ) -> Result<Option<(Self, Vec<SqliteRow>)>> {
        let query = sqlx::query(first)
            .bind(&claim.route)
            .bind(claim.worker.as_str())
            .bind(to_millis(claim.now))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut rows = query.fetch_all(conn).await.or_store_error()?;
        if rows.first().is_none_or(|it| it.len() != 5) {
            return Ok(None);
        }
        let head = rows.remove(0);
        let number = |i: usize| head.try_get::<i64, usize>(i).or_store_error();
        let (route, next_slot) = (number(0)?, number(2)?);
        let stored = Pause::new(from_millis(number(1)?), from_millis(number(3)?));
        let pause = stored.at(claim.now);
        let is_paused = !pause.is_over(claim.now);
        let slots = Slots::new(from_nanos(next_slot)).with_taken_at(from_nanos(number(4)?));
        let mut claiming = Self {
            claim,
            route,
            is_paused,
            moved: (pause != stored).then_some(pause),
            slots,
            slots_before: slots,
            lanes: HashMap::new(),
            waits: Vec::new(),
            claimed: Claimed::default(),
            slotted: HashSet::new(),
        };
        if is_paused {
            claiming.note(pause.until);
        }
        Ok(Some((claiming, rows)))
    }

    fn note(&mut self, at: SystemTime) {
        let next = self.claimed.next_at.map_or(at, |it| it.min(at));
        self.claimed.next_at = Some(next);
    }

    async fn page(
        &self,
        conn: &mut SqliteConnection,
        after: (i64, i64),
        limit: usize,
    ) -> Result<Vec<SqliteRow>> {
        let sql: &'static str = if self.is_paused { &SENDING } else { &WAITING };
        let query = sqlx::query(sql)
            .bind(self.route)
            .bind(after.0)
            .bind(after.1)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        query.fetch_all(conn).await.or_store_error()
    }

    /// Takes the first messages, of which so many were asked for.
    async fn take_all(
        mut self,
        conn: &mut SqliteConnection,
        messages: Vec<StoredMessage>,
        limit: usize,
    ) -> Result<Claimed> {
        let is_full = messages.len() >= limit;
        for message in messages {
            if !self.take(conn, message).await? {
                return self.finish(conn).await;
            }
        }
        if is_full {
            self.note(self.claim.now);
        }
        self.finish(conn).await
    }

    /// Takes a message, unless it has to wait. Returns whether later ones may be taken.
    async fn take(
        &mut self,
        conn: &mut SqliteConnection,
        mut message: StoredMessage,
    ) -> Result<bool> {
        let due = message.head.due_at.min(message.head.expires_at);
        if due > self.claim.now {
            self.note(due);
            return Ok(false);
        }
        if self.claimed.messages.len() >= self.claim.limit as usize {
            self.note(self.claim.now);
            return Ok(false);
        }
        let takes_slots =
            message.head.state == State::Queued && message.head.expires_at > self.claim.now;
        if takes_slots && !self.reserve(conn, &mut message).await? {
            return Ok(true);
        }
        if let Some(rate) = self.claim.budget.route
            && takes_slots
            && self.slots.take(rate, self.claim.now, 1) == 0
        {
            self.note(self.slots.free_at(rate, self.claim.now));
            return Ok(false);
        }
        message.head.lease_to(&self.claim.worker);
        self.claimed.messages.push(message);
        Ok(true)
    }

    /// Reserves a slot of the target. Returns whether it is due.
    async fn reserve(
        &mut self,
        conn: &mut SqliteConnection,
        message: &mut StoredMessage,
    ) -> Result<bool> {
        let head = &mut message.head;
        let Some(rate) = self.claim.budget.target.filter(|_| !head.has_slot) else {
            return Ok(true);
        };
        let at = self.lane(conn, head.lane, rate).await?;
        head.has_slot = true;
        self.slotted.insert(head.seq);
        if at <= self.claim.now {
            return Ok(true);
        }
        head.wait_for_slot(at, self.claim.now);
        self.waits.push((head.seq, to_millis(head.due_at)));
        let due_at = head.due_at;
        self.note(due_at);
        Ok(false)
    }

    async fn lane(
        &mut self,
        conn: &mut SqliteConnection,
        lane: Hash,
        rate: Rate,
    ) -> Result<SystemTime> {
        if let Some(slots) = self.lanes.get_mut(&lane) {
            return Ok(slots.reserve(rate, self.claim.now));
        }
        let sql = "SELECT next_slot, taken_at FROM ms_outbox_lanes WHERE lane = ?";
        let query = sqlx::query_as(sql).bind(lane.as_bytes().as_slice());
        let stored: Option<(i64, i64)> = query.fetch_optional(conn).await.or_store_error()?;
        let (next, taken_at) = stored.unwrap_or_default();
        let mut slots = Slots::new(from_nanos(next)).with_taken_at(from_nanos(taken_at));
        let at = slots.reserve(rate, self.claim.now);
        self.lanes.insert(lane, slots);
        Ok(at)
    }

    /// Writes what was taken.
    async fn finish(self, conn: &mut SqliteConnection) -> Result<Claimed> {
        let leased = self.claimed.messages.iter().map(|it| it.head.seq);
        let leased: Vec<u64> = leased.collect();
        if !leased.is_empty() {
            let sql = "UPDATE OR ROLLBACK ms_outbox_messages SET owner = ?1, fence = fence + 1 \
                WHERE seq IN (SELECT value FROM json_each(?2))";
            let query = sqlx::query(sql).bind(self.claim.worker.as_str());
            let query = query.bind(serde_json::json!(leased).to_string());
            statement::run(conn, query).await?;
        }
        if self.slots != self.slots_before {
            let sql = "UPDATE ms_outbox_routes SET next_slot = ?, taken_at = ? WHERE route = ?";
            let query = sqlx::query(sql)
                .bind(to_nanos(self.slots.next))
                .bind(to_nanos(self.slots.taken_at))
                .bind(self.route);
            query.execute(&mut *conn).await.or_store_error()?;
        }
        if let Some(pause) = self.moved {
            control::write_pause(conn, self.route, pause).await?;
        }
        self.write_slots(conn).await?;
        Ok(self.claimed)
    }

    async fn write_slots(&self, conn: &mut SqliteConnection) -> Result<()> {
        if self.slotted.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE ms_outbox_messages SET has_slot = 1 \
            WHERE seq IN (SELECT value FROM json_each(?))";
        let query = sqlx::query(sql).bind(serde_json::json!(self.slotted).to_string());
        query.execute(&mut *conn).await.or_store_error()?;
        let sql = "UPDATE ms_outbox_messages SET due_at = w.value ->> 1, changed_at = ?2 \
            FROM json_each(?1) w WHERE seq = w.value ->> 0";
        let query = sqlx::query(sql)
            .bind(serde_json::json!(self.waits).to_string())
            .bind(to_millis(self.claim.now));
        query.execute(&mut *conn).await.or_store_error()?;
        let sql = "INSERT INTO ms_outbox_lanes (lane, next_slot, taken_at) VALUES (?, ?, ?) \
            ON CONFLICT (lane) DO UPDATE SET next_slot = excluded.next_slot, \
            taken_at = excluded.taken_at";
        for (lane, slots) in &self.lanes {
            let query = sqlx::query(sql).bind(lane.as_bytes().as_slice());
            let query = query
                .bind(to_nanos(slots.next))
                .bind(to_nanos(slots.taken_at));
            query.execute(&mut *conn).await.or_store_error()?;
        }
        Ok(())
    }
}

pub(super) fn to_nanos(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX)
}

fn from_nanos(nanos: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}
