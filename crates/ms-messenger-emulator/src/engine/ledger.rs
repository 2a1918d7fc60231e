//! The ledger: one row for every message that a service stored.

pub(crate) mod filter;
pub(crate) mod present;
pub(crate) mod request;
pub(crate) mod row;
pub(crate) mod scan;
pub(crate) mod select;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use crate::{
    engine::{
        ledger::{
            filter::Filter,
            present::Presents,
            row::{KeptRow, NewRow},
        },
        platform::Platform,
    },
    wire::{clock::Clock, guid, packed::Packer, request::Request},
};

/// A dropped row, and the message that its platform must forget.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) platform: Platform,
    pub(crate) conversation: Arc<str>,
    pub(crate) message_id: String,
}

/// The newest rows, in order, and the keys by which duplicates are found.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// How many rows are kept at most.
    keep: usize,
    /// Distinguishes this ledger from the one before a reset.
    generation: u64,
    clock: Clock,
    rows: VecDeque<KeptRow>,
    /// How many rows were dropped.
    gone: u64,
    dropped: Vec<Dropped>,
    presents: Presents,
    /// Each conversation and each sender once.
    names: HashSet<Arc<str>>,
    packers: HashMap<Platform, Packer>,
    hasher: [RandomState; 2],
    first_uses: HashMap<u128, u64>,
}

impl Ledger {
    /// A ledger of the newest `keep` rows, at least one.
    pub(crate) fn new(keep: usize, clock: &Clock) -> Self {
        Self {
            keep: keep.max(1),
            generation: guid::random_seed(),
            clock: clock.clone(),
            rows: VecDeque::new(),
            gone: 0,
            dropped: Vec::new(),
            presents: Presents::default(),
            names: HashSet::new(),
            packers: HashMap::new(),
            hasher: Default::default(),
            first_uses: HashMap::new(),
        }
    }

    /// Adds a row and returns its number.
    pub(crate) fn append(&mut self, new: NewRow, request: &Request) -> u64 {
        let seq = self.gone + self.rows.len() as u64 + 1;
        let platform = new.platform;
        let keys = self.keys(
            platform,
            request
                .client_request_id()
                .filter(|_| new.is_request_id_unique),
            new.idempotency_key.as_deref(),
        );
        let [earlier_request, earlier_key] = keys.map(|key| {
            let first = *self.first_uses.entry(key?).or_insert(seq);
            (first != seq).then_some(first)
        });
        let names = (self.name(&new.conversation), self.name(&new.sender));
        let packer = self.packers.entry(platform).or_default();
        let numbers = (seq, earlier_request.or(earlier_key));
        let row = KeptRow::new(&new, request, packer, numbers, self.clock.now_ms(), names);
        self.rows.push_back(row);
        while self.rows.len() > self.keep {
            self.drop_oldest();
        }
        seq
    }

    fn name(&mut self, id: &str) -> Arc<str> {
        if let Some(known) = self.names.get(id) {
            return Arc::clone(known);
        }
        let id: Arc<str> = id.into();
        self.names.insert(Arc::clone(&id));
        id
    }

    /// What a client request id and an idempotency key are known by: their names would take too
    /// much room, and two hashes do not collide.
    fn keys(
        &self,
        platform: Platform,
        request_id: Option<&str>,
        idempotency_key: Option<&str>,
    ) -> [Option<u128>; 2] {
        [(0_u8, request_id), (1, idempotency_key)].map(|(what, key)| {
            let name = (what, platform, key?);
            let [high, low] = &self.hasher;
            Some(u128::from(high.hash_one(name)) << 64 | u128::from(low.hash_one(name)))
        })
    }

    fn drop_oldest(&mut self) {
        let Some(row) = self.rows.pop_front() else {
            return;
        };
        self.gone += 1;
        let (request_id, idempotency_key) = row.keys();
        let keys = self.keys(
            row.platform,
            request_id.as_deref(),
            idempotency_key.as_deref(),
        );
        for key in keys.into_iter().flatten() {
            if self.first_uses.get(&key) == Some(&row.seq) {
                self.first_uses.remove(&key);
            }
        }
        let message_id = row.message_id();
        self.forget_present(&row, &message_id);
        self.dropped.push(Dropped {
            platform: row.platform,
            message_id,
            conversation: row.conversation,
        });
    }

    /// The messages that were dropped since the last call.
    pub(crate) fn take_dropped(&mut self) -> Vec<Dropped> {
        std::mem::take(&mut self.dropped)
    }

    /// Counts one more replay of the request of row `seq` from the repeatability store.
    pub(crate) fn raise_replays(&mut self, seq: u64) {
        let index = seq.checked_sub(self.gone + 1);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(row) = index.and_then(|index| self.rows.get_mut(index)) {
            row.replays += 1;
        }
    }

    fn after(&self, since: u64) -> impl DoubleEndedIterator<Item = &KeptRow> {
        let skip = usize::try_from(since.saturating_sub(self.gone)).unwrap_or(usize::MAX);
        self.rows.range(skip.min(self.rows.len())..)
    }

    /// The number of the oldest row that is kept, and that of the next one.
    pub(crate) fn numbers(&self) -> (u64, u64) {
        (self.gone + 1, self.gone + self.rows.len() as u64 + 1)
    }

    /// The rows from number `from` up to, but not including, `to` that `filter` admits, oldest first.
    pub(crate) fn part(&self, filter: &Filter, from: u64, to: u64) -> Vec<KeptRow> {
        let rows = self.after(from.saturating_sub(1));
        let rows = rows.take_while(|row| row.seq < to);
        rows.filter(|row| filter.admits(self, row))
            .map(|row| self.copy(row))
            .collect()
    }

    /// The newest row that `filter` admits and that has exactly this text, as it was sent or as it is now;
    /// otherwise the newest that contains it.
    pub(crate) fn newest(&self, filter: &Filter, text: Option<&str>) -> Option<KeptRow> {
        let mut containing = None;
        for row in self.after(filter.since).rev() {
            if !filter.admits(self, row) {
                continue;
            }
            let Some(text) = text else {
                return Some(self.copy(row));
            };
            let both = [Some(&*row.text), self.text_now(row)];
            let mut both = both.into_iter().flatten();
            if both.clone().any(|it| it == text) {
                return Some(self.copy(row));
            }
            if containing.is_none() && both.any(|it| it.contains(text)) {
                containing = Some(row);
            }
        }
        containing.map(|row| self.copy(row))
    }
}
