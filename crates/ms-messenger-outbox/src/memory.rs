//! A store in memory.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{sync::Notify, time::timeout};

use crate::{
    budget::Slots,
    change::Change,
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::{EnvelopeId, WorkerId},
    message::{Head, NewMessage, StoredMessage},
    outbox::not_found,
    pause::Pause,
    state::State,
    step::Step,
    store::{Beat, Claim, Claimed, Count, Inserted, Purge, Query, Report, Session, Store, Twins},
};

/// A store in memory, for tests: it forgets everything when it is dropped.
///
/// ```
/// use ms_messenger_outbox::{MemoryStore, Outbox};
///
/// let outbox = Outbox::new(MemoryStore::new());
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<Tables>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Tables {
    messages: BTreeMap<u64, Row>,
    ids: HashMap<EnvelopeId, u64>,
    routes: HashMap<String, Route>,
    lanes: HashMap<Hash, Slots>,
    sessions: HashMap<WorkerId, Session>,
    buried: HashSet<WorkerId>,
    seq: u64,
}

#[derive(Debug)]
struct Row {
    head: Head,
    content: Option<Bytes>,
}

#[derive(Debug)]
struct Route {
    pause: Pause,
    slots: Slots,
}

impl MemoryStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn route(&mut self, name: &str) -> &mut Route {
        self.routes.entry(name.to_owned()).or_insert_with(|| Route {
            pause: Pause::NONE,
            slots: Slots::new(SystemTime::UNIX_EPOCH),
        })
    }

    /// Messages of the route that no worker has and no other one holds up, by when they are due.
    fn waiting(&self, route: &str, is_paused: bool) -> Vec<(SystemTime, u64)> {
        let mut held = HashSet::new();
        let mut waiting = Vec::new();
        for (seq, Row { head, .. }) in &self.messages {
            if head.route != route {
                continue;
            }
            let is_held = head
                .order_key
                .as_ref()
                .is_some_and(|key| held.contains(key));
            if let Some(key) = head.order_key.as_ref().filter(|_| head.holds_order()) {
                held.insert(key);
            }
            let waits = match head.state {
                State::Queued => !is_held && !is_paused,
                State::Sending => true,
                _ => false,
            };
            if waits && head.owner.is_none() {
                waiting.push((head.due_at.min(head.expires_at), *seq));
            }
        }
        waiting.sort_unstable();
        waiting
    }

    fn claim(&mut self, claim: &Claim) -> Claimed {
        let mut claimed = Claimed::default();
        if !self.sessions.contains_key(&claim.worker) {
            return claimed;
        }
        let route = self.route(&claim.route);
        route.pause = route.pause.at(claim.now);
        let pause = route.pause;
        let is_paused = !pause.is_over(claim.now);
        if is_paused {
            claimed.next_at = Some(pause.until);
        }
        let note = |claimed: &mut Claimed, at: SystemTime| {
            claimed.next_at = Some(claimed.next_at.map_or(at, |it| it.min(at)));
        };
        for (due_at, seq) in self.waiting(&claim.route, is_paused) {
            if due_at > claim.now {
                note(&mut claimed, due_at);
                break;
            }
            if claimed.messages.len() >= claim.limit as usize {
                note(&mut claimed, claim.now);
                break;
            }
            match self.admit(seq, claim) {
                Ok(()) => {}
                Err(Wait::Route(at)) => {
                    note(&mut claimed, at);
                    break;
                }
                Err(Wait::Target(at)) => {
                    note(&mut claimed, at);
                    continue;
                }
            }
            if let Some(row) = self.messages.get_mut(&seq) {
                row.head.lease_to(&claim.worker);
                let message = StoredMessage::new(row.head.clone(), row.content.clone());
                claimed.messages.push(message);
            }
        }
        claimed
    }

    /// Takes the slots of a message, or says when it has one.
    fn admit(&mut self, seq: u64, claim: &Claim) -> Result<(), Wait> {
        let Some(head) = self.messages.get(&seq).map(|row| &row.head) else {
            return Ok(());
        };
        if head.state != State::Queued || head.expires_at <= claim.now {
            return Ok(());
        }
        let (lane, has_slot) = (head.lane, head.has_slot);
        if let Some(rate) = claim.budget.target.filter(|_| !has_slot) {
            let slots = self.lanes.entry(lane);
            let slots = slots.or_insert(Slots::new(SystemTime::UNIX_EPOCH));
            let at = slots.reserve(rate, claim.now);
            if let Some(Row { head, .. }) = self.messages.get_mut(&seq) {
                head.has_slot = true;
                if at > claim.now {
                    head.wait_for_slot(at, claim.now);
                    return Err(Wait::Target(head.due_at));
                }
            }
        }
        if let Some(rate) = claim.budget.route {
            let slots = &mut self.route(&claim.route).slots;
            if slots.take(rate, claim.now, 1) == 0 {
                return Err(Wait::Route(slots.free_at(rate, claim.now)));
            }
        }
        Ok(())
    }

    fn apply(&mut self, change: &Change, now: SystemTime) -> Result<Head> {
        let seq = self.ids.get(&change.id).copied();
        let row = seq.and_then(|seq| self.messages.get_mut(&seq));
        let row = row.ok_or_else(|| not_found(&change.id))?;
        change.apply(&mut row.head, now)?;
        if change.erases_content() {
            row.content = None;
        }
        Ok(row.head.clone())
    }
}

/// Why a message is not sent yet.
enum Wait {
    Route(SystemTime),
    Target(SystemTime),
}

#[async_trait]
impl Store for MemoryStore {
    async fn insert(&self, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
        let mut tables = self.tables();
        let mut fresh: HashMap<EnvelopeId, Hash> = HashMap::new();
        for NewMessage { head, .. } in &messages {
            let stored = tables
                .ids
                .get(&head.id)
                .and_then(|seq| tables.messages.get(seq));
            let known = stored.map(|row| row.head.hash);
            let known = known.or_else(|| fresh.insert(head.id.clone(), head.hash));
            if known.is_some_and(|hash| hash != head.hash) {
                return Err(conflict(&head.id));
            }
        }
        let mut inserted = Vec::with_capacity(messages.len());
        for NewMessage { mut head, content } in messages {
            if let Some(row) = tables
                .ids
                .get(&head.id)
                .and_then(|seq| tables.messages.get(seq))
            {
                inserted.push(Inserted::Same(row.head.state));
                continue;
            }
            tables.seq += 1;
            head.seq = tables.seq;
            tables.ids.insert(head.id.clone(), head.seq);
            let content = Some(content);
            tables.messages.insert(head.seq, Row { head, content });
            inserted.push(Inserted::New);
        }
        drop(tables);
        self.changed.notify_waiters();
        Ok(inserted)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed> {
        Ok(self.tables().claim(claim))
    }

    async fn apply(&self, changes: Vec<Change>) -> Result<Vec<Result<Head>>> {
        let now = SystemTime::now();
        let mut tables = self.tables();
        let applied = changes.iter().map(|it| tables.apply(it, now)).collect();
        drop(tables);
        self.changed.notify_waiters();
        Ok(applied)
    }

    async fn get(&self, id: &EnvelopeId) -> Result<Option<StoredMessage>> {
        let tables = self.tables();
        let row = tables.ids.get(id).and_then(|seq| tables.messages.get(seq));
        Ok(row.map(|row| StoredMessage::new(row.head.clone(), row.content.clone())))
    }

    async fn list(&self, query: &Query) -> Result<Vec<Head>> {
        let tables = self.tables();
        let heads = tables
            .messages
            .range((Bound::Excluded(query.after), Bound::Unbounded))
            .map(|(_, row)| &row.head);
        let heads = heads.filter(|it| query.states.is_empty() || query.states.contains(&it.state));
        let heads = heads.filter(|it| query.route.as_ref().is_none_or(|route| *route == it.route));
        let limit = if query.limit == 0 { 100 } else { query.limit };
        Ok(heads.take(limit as usize).cloned().collect())
    }

    async fn counts(&self) -> Result<Vec<Count>> {
        let tables = self.tables();
        let mut counts: BTreeMap<(&str, State), Count> = BTreeMap::new();
        for Row { head, .. } in tables.messages.values() {
            let key = (head.route.as_str(), head.state);
            let count = counts.entry(key);
            let count = count.or_insert_with(|| Count::new(key.0, key.1, 0));
            count.messages += 1;
            let oldest = count
                .oldest
                .map_or(head.enqueued_at, |it| it.min(head.enqueued_at));
            count.oldest = Some(oldest);
        }
        Ok(counts.into_values().collect())
    }

    async fn has_pending(&self, route: &str) -> Result<bool> {
        let tables = self.tables();
        let mut heads = tables.messages.values().map(|row| &row.head);
        Ok(heads.any(|it| it.route == route && it.state.is_pending()))
    }

    async fn twins(&self, twin: &Hash, except: &EnvelopeId) -> Result<Twins> {
        let tables = self.tables();
        let mut twins = Twins::default();
        let mut sent = 0;
        let heads = tables.messages.values().rev().map(|row| &row.head);
        for head in heads.filter(|it| it.twin == *twin && it.id != *except) {
            match head.state {
                State::Sending | State::Unconfirmed => {}
                State::Sent if sent == Twins::MOST_SENT => {
                    twins.has_earlier = true;
                    continue;
                }
                State::Sent => {
                    sent += 1;
                    if let Some(id) = head.message_id() {
                        twins.sent.push(id.clone());
                        continue;
                    }
                }
                _ => continue,
            }
            twins.in_doubt += 1;
            if twins.doubts.len() < Twins::MOST_DOUBTS {
                twins.doubts.push(head.clone());
            }
        }
        Ok(twins)
    }

    async fn being_sent(&self, twin: &Hash, except: &EnvelopeId) -> Result<Vec<Head>> {
        let tables = self.tables();
        let heads = tables.messages.values().rev().map(|row| &row.head);
        let equal = heads.filter(|it| it.twin == *twin && it.id != *except);
        let being_sent = equal.filter(|it| it.state == State::Sending);
        Ok(being_sent.take(Twins::MOST_DOUBTS).cloned().collect())
    }

    async fn report(&self, report: &Report) -> Result<u64> {
        let now = SystemTime::now();
        let mut tables = self.tables();
        let mut found = 0;
        let step = Step::Report {
            status: report.status,
            code: report.code.clone(),
        };
        for Row { head, .. } in tables.messages.values_mut() {
            let conversation = head
                .receipt
                .as_ref()
                .and_then(|it| it.conversation.as_ref());
            let is_there = report.conversation.is_none()
                || conversation.is_none()
                || report.conversation.as_ref() == conversation;
            if is_there && head.message_id() == Some(&report.message_id) {
                let change = Change::by_person(head.id.clone(), step.clone());
                found += u64::from(change.apply(head, now).is_ok());
            }
        }
        Ok(found)
    }

    async fn purge(&self, purge: &Purge) -> Result<u64> {
        let mut tables = self.tables();
        let limit = if purge.limit == 0 {
            10_000
        } else {
            purge.limit
        };
        let is_old = |head: &Head| {
            head.state.is_final()
                && (purge.states.is_empty() || purge.states.contains(&head.state))
                && head.changed_at < purge.before
        };
        let old = tables.messages.iter().filter(|(_, row)| is_old(&row.head));
        let old: Vec<u64> = old.map(|(seq, _)| *seq).take(limit as usize).collect();
        for seq in &old {
            if let Some(row) = tables.messages.remove(seq) {
                tables.ids.remove(&row.head.id);
            }
        }
        Ok(old.len() as u64)
    }

    async fn pause(&self, route: &str, until: SystemTime) -> Result<()> {
        let mut tables = self.tables();
        let route = tables.route(route);
        route.pause = route.pause.extended(until, SystemTime::now());
        drop(tables);
        self.changed.notify_waiters();
        Ok(())
    }

    async fn recall(&self, route: &str, now: SystemTime) -> Result<u64> {
        let mut tables = self.tables();
        let heads = tables.messages.values_mut().map(|row| &mut row.head);
        let mut recalled = 0;
        for head in heads.filter(|it| it.route == route) {
            recalled += u64::from(head.recall(now));
        }
        Ok(recalled)
    }

    async fn beat(&self, beat: &Beat) -> Result<bool> {
        let mut tables = self.tables();
        if beat.is_first && !tables.buried.contains(&beat.worker) {
            let session = Session::new(beat.worker.clone(), 0, beat.lease);
            tables.sessions.insert(beat.worker.clone(), session);
        }
        match tables.sessions.get_mut(&beat.worker) {
            Some(session) => {
                session.beats += 1;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn sessions(&self) -> Result<Vec<Session>> {
        Ok(self.tables().sessions.values().cloned().collect())
    }

    async fn bury(&self, session: &Session, now: SystemTime) -> Result<bool> {
        let mut tables = self.tables();
        let is_same = |it: &Session| it.beats == session.beats;
        if !tables.sessions.get(&session.worker).is_some_and(is_same) {
            return Ok(false);
        }
        tables.sessions.remove(&session.worker);
        tables.buried.insert(session.worker.clone());
        for row in tables.messages.values_mut() {
            if row.head.owner.as_ref() == Some(&session.worker) {
                row.head.orphan(now);
            }
        }
        drop(tables);
        self.changed.notify_waiters();
        Ok(true)
    }

    async fn changed(&self, longest: Duration) {
        let _ = timeout(longest, self.changed.notified()).await;
    }
}

pub(crate) fn conflict(id: &EnvelopeId) -> OutboxError {
    let message = "the id belongs to a message with other content";
    OutboxError::new(OutboxErrorKind::Conflict, message).with_id(id)
}
