//! The conversations of the ledger, and the rows of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::engine::{platform::Platform, resources::Engine};

/// So many rows are read under one lock of the ledger.
const STEP: usize = 10_000;

/// A conversation: its platform and its id there.
pub(super) type Key = (Platform, Arc<str>);

/// The conversations, by their newest message. It follows the ledger when it is asked.
#[derive(Debug, Default)]
pub(crate) struct Index {
    generation: u64,
    /// The last row that was read.
    until: u64,
    conversations: HashMap<Key, Conversation>,
    by_newest: BTreeMap<u64, Key>,
}

/// The messages of a conversation.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The numbers of its rows, in order; those of dropped ones too.
    pub(super) rows: Vec<u64>,
    pub(super) duplicates: u64,
}

impl Index {
    /// Reads the rows that came since the last call.
    pub(super) fn follow(&mut self, engine: &Engine) {
        loop {
            let (generation, rows) = {
                let ledger = engine.ledger();
                let generation = ledger.generation();
                let until = if generation == self.generation {
                    self.until
                } else {
                    0
                };
                (generation, ledger.belongings(until, STEP))
            };
            if generation != self.generation {
                *self = Self {
                    generation,
                    ..Self::default()
                };
            }
            let is_last = rows.len() < STEP;
            for row in rows {
                let key = (row.platform, row.conversation);
                let conversation = self.conversations.entry(key.clone()).or_default();
                if let Some(before) = conversation.rows.last() {
                    self.by_newest.remove(before);
                }
                conversation.rows.push(row.seq);
                conversation.duplicates += u64::from(row.is_duplicate);
                self.by_newest.insert(row.seq, key);
                self.until = row.seq;
            }
            if is_last {
                return;
            }
        }
    }

    /// How many conversations there are.
    pub(super) fn len(&self) -> usize {
        self.conversations.len()
    }

    /// The conversation of that key.
    pub(super) fn conversation(&self, key: &Key) -> Option<&Conversation> {
        self.conversations.get(key)
    }

    /// The conversations whose newest message is before that row, the newest first.
    pub(super) fn newest_first(
        &self,
        before: u64,
    ) -> impl Iterator<Item = (u64, &Key, &Conversation)> {
        let below = self.by_newest.range(..before).rev();
        below.filter_map(|(seq, key)| Some((*seq, key, self.conversations.get(key)?)))
    }
}
