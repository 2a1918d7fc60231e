//! What a handle knows of the bucket, in memory: where each message is, and what is due.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
    time::SystemTime,
};

use ms_messenger_core::MessageId;

use super::{
    record::{LaneRecord, RouteRecord, SessionRecord},
    row::Row,
};
use crate::{envelope::Hash, id::WorkerId, state::State};

/// When a message is due, and its number.
pub(super) type Turn = (SystemTime, u64);

/// An entry at a revision.
#[derive(Clone, Debug, Default)]
pub(super) struct At<T> {
    pub(super) revision: u64,
    pub(super) value: T,
}

/// A message that does not exist until its group is complete.
#[derive(Debug)]
pub(super) struct Hidden {
    pub(super) group: String,
    pub(super) place: u64,
    pub(super) row: Row,
}

/// A group, as far as it has come.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) revision: u64,
    pub(super) is_complete: bool,
    pub(super) written_at: SystemTime,
}

/// The index of one handle.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The number of the last write that it has followed.
    pub(super) seq: u64,
    pub(super) rows: BTreeMap<u64, Row>,
    pub(super) keys: HashMap<Hash, u64>,
    pub(super) hidden: HashMap<Hash, Hidden>,
    pub(super) groups: HashMap<String, Known>,
    pub(super) members: HashMap<String, Vec<Hash>>,
    pub(super) routes: HashMap<Arc<str>, At<RouteRecord>>,
    pub(super) lanes: HashMap<Hash, At<LaneRecord>>,
    pub(super) sessions: HashMap<Hash, (WorkerId, At<SessionRecord>, SystemTime)>,
    /// The marks of deleted entries, by their revisions.
    pub(super) marks: BTreeMap<u64, SystemTime>,
    waiting: HashMap<Arc<str>, Waiting>,
    owned: HashMap<WorkerId, BTreeSet<u64>>,
    order: HashMap<(Arc<str>, Arc<str>), BTreeSet<u64>>,
    twins: HashMap<Hash, BTreeSet<u64>>,
    message_ids: HashMap<MessageId, BTreeSet<u64>>,
}

/// The messages of a route that no worker has, and that no other one holds up.
#[derive(Debug, Default)]
struct Waiting {
    queued: BTreeSet<Turn>,
    sending: BTreeSet<Turn>,
    /// Those that no worker has, held up or not, by when they were last changed.
    open: BTreeSet<Turn>,
}

impl Index {
    /// The name of a route, shared by its messages.
    pub(super) fn route_name(&self, name: &str) -> Arc<str> {
        let known = self.waiting.get_key_value(name);
        known.map_or_else(|| name.into(), |(name, _)| Arc::clone(name))
    }

    pub(super) fn row(&self, key: &Hash) -> Option<&Row> {
        self.rows.get(self.keys.get(key)?)
    }

    /// Adds a message, in place of what was known of it.
    pub(super) fn put(&mut self, row: Row) {
        self.remove(&row.key);
        let seq = row.seq;
        self.keys.insert(row.key, seq);
        if let Some(owner) = &row.owner {
            self.owned.entry(owner.clone()).or_default().insert(seq);
        }
        if matches!(row.state, State::Sent | State::Sending | State::Unconfirmed) {
            self.twins.entry(row.twin).or_default().insert(seq);
        }
        if let Some(id) = &row.message_id {
            self.message_ids.entry(id.clone()).or_default().insert(seq);
        }
        if row.is_open() {
            let waiting = self.waiting.entry(Arc::clone(&row.route)).or_default();
            waiting.open.insert((row.changed_at, seq));
        }
        let line = line(&row);
        self.rows.insert(seq, row);
        if let Some(line) = line {
            let seqs = self.order.entry(line).or_default();
            let before = seqs.first().copied();
            seqs.insert(seq);
            if let Some(before) = before {
                self.refresh(before);
            }
        }
        self.refresh(seq);
    }

    /// Forgets a message.
    pub(super) fn remove(&mut self, key: &Hash) {
        let removed = self.keys.remove(key);
        let Some(row) = removed.and_then(|seq| self.rows.remove(&seq)) else {
            return;
        };
        if let Some(waiting) = self.waiting.get_mut(&row.route) {
            waiting.queued.remove(&row.turn());
            waiting.sending.remove(&row.turn());
            waiting.open.remove(&(row.changed_at, row.seq));
        }
        drop_from(&mut self.twins, &row.twin, row.seq);
        if let Some(owner) = &row.owner {
            drop_from(&mut self.owned, owner, row.seq);
        }
        if let Some(id) = &row.message_id {
            drop_from(&mut self.message_ids, id, row.seq);
        }
        let Some(line) = line(&row) else {
            return;
        };
        drop_from(&mut self.order, &line, row.seq);
        let next = self.order.get(&line).and_then(|it| it.first().copied());
        if let Some(next) = next {
            self.refresh(next);
        }
    }

    /// Decides whether a message waits for a worker: of the open messages of an order key the first
    /// does, and those that are being sent.
    fn refresh(&mut self, seq: u64) {
        let Some(row) = self.rows.get(&seq) else {
            return;
        };
        let first = line(row).and_then(|it| self.order.get(&it)?.first().copied());
        let is_held = first.is_some_and(|first| first != seq);
        let waiting = self.waiting.entry(Arc::clone(&row.route)).or_default();
        waiting.queued.remove(&row.turn());
        match row.state {
            _ if row.owner.is_some() => false,
            State::Queued if !is_held => waiting.queued.insert(row.turn()),
            State::Sending => waiting.sending.insert(row.turn()),
            _ => false,
        };
    }

    /// The next messages of a route that wait, the longest due first.
    pub(super) fn next(&self, route: &str, is_paused: bool, most: usize) -> Vec<Row> {
        let Some(waiting) = self.waiting.get(route) else {
            return Vec::new();
        };
        let queued = waiting.queued.iter().take(if is_paused { 0 } else { most });
        let mut turns: Vec<Turn> = queued.copied().collect();
        turns.extend(waiting.sending.iter().take(most));
        turns.sort_unstable();
        let rows = turns.iter().take(most);
        rows.filter_map(|(_, seq)| self.rows.get(seq).cloned())
            .collect()
    }

    /// Whether a message of a route is queued or being sent: it waits, a worker has it, or an
    /// unconfirmed one holds it up.
    pub(super) fn has_pending(&self, route: &str) -> bool {
        let waiting = self.waiting.get(route);
        if waiting.is_some_and(|it| !it.queued.is_empty() || !it.sending.is_empty()) {
            return true;
        }
        let lines = self.order.iter().filter(|((own, _), _)| &**own == route);
        let held = lines.flat_map(|(_, seqs)| seqs);
        let mut open = self.owned.values().flatten().chain(held);
        open.any(|seq| {
            let row = self.rows.get(seq);
            row.is_some_and(|it| &*it.route == route && it.state.is_pending())
        })
    }

    /// The messages of a route that no worker has and that were changed after a time, `most` at most.
    pub(super) fn changed_after(&self, route: &str, time: SystemTime, most: usize) -> Vec<Hash> {
        let Some(waiting) = self.waiting.get(route) else {
            return Vec::new();
        };
        let after = (Bound::Excluded((time, u64::MAX)), Bound::Unbounded);
        let rows = waiting.open.range(after).take(most);
        let rows = rows.filter_map(|(_, seq)| self.rows.get(seq));
        rows.map(|it| it.key).collect()
    }

    /// The session of a worker that was not buried.
    pub(super) fn session(&self, worker: &WorkerId) -> Option<&SessionRecord> {
        let key = Hash::of(&[worker.as_str().as_bytes()]);
        let (_, at, _) = self.sessions.get(&key)?;
        Some(&at.value).filter(|it| !it.is_buried)
    }

    /// The messages of workers that have no session, which a crash left with them.
    pub(super) fn orphans(&self) -> Vec<Row> {
        let owners = self.owned.iter();
        let gone = owners.filter(|(owner, _)| self.session(owner).is_none());
        let seqs = gone.flat_map(|(_, seqs)| seqs);
        seqs.filter_map(|seq| self.rows.get(seq).cloned()).collect()
    }

    /// The messages of a worker.
    pub(super) fn owned(&self, worker: &WorkerId) -> Vec<Hash> {
        let seqs = self.owned.get(worker).into_iter().flatten();
        seqs.filter_map(|seq| Some(self.rows.get(seq)?.key))
            .collect()
    }

    /// The messages with a twin hash that were sent or are in doubt, the latest first.
    pub(super) fn twins(&self, twin: &Hash) -> impl Iterator<Item = &Row> {
        let seqs = self.twins.get(twin).into_iter();
        let seqs = seqs.flat_map(|seqs| seqs.iter().rev());
        seqs.filter_map(|seq| self.rows.get(seq))
    }

    /// The messages with a twin hash that are being sent, the latest first: a worker has them, or they
    /// wait for one.
    pub(super) fn being_sent(&self, twin: &Hash) -> Vec<Hash> {
        let waiting = self.waiting.values().flat_map(|it| &it.sending);
        let waiting = waiting.map(|(_, seq)| seq);
        let seqs = self.owned.values().flatten().chain(waiting);
        let rows = seqs.filter_map(|seq| self.rows.get(seq));
        let rows = rows.filter(|it| it.state == State::Sending && it.twin == *twin);
        let mut found: Vec<&Row> = rows.collect();
        found.sort_unstable_by_key(|it| Reverse(it.seq));
        found.into_iter().map(|it| it.key).collect()
    }

    /// The messages whose receipt has this id.
    pub(super) fn with_message_id(&self, id: &MessageId) -> Vec<Hash> {
        let seqs = self.message_ids.get(id).into_iter().flatten();
        seqs.filter_map(|seq| Some(self.rows.get(seq)?.key))
            .collect()
    }
}

/// The route and order key of a message that holds later ones up.
fn line(row: &Row) -> Option<(Arc<str>, Arc<str>)> {
    let key = row.order_key.as_ref().filter(|_| row.holds_order())?;
    Some((Arc::clone(&row.route), Arc::clone(key)))
}

fn drop_from<K: Eq + std::hash::Hash>(sets: &mut HashMap<K, BTreeSet<u64>>, key: &K, seq: u64) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(&seq);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}
