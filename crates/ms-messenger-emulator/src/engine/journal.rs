//! What changes the state, in order: replayed at the next start, it makes the same state again.
//!
//! A change is performed under one gate and at one fixed time. So the journal has the order of the
//! changes, and a replay at the same times with the same ids makes the same ids again.

pub(crate) mod entry;
pub(crate) mod format;

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use tokio::sync::Notify;

use crate::{
    engine::{
        journal::{
            entry::{Entry, Head, Moment},
            format::encode,
        },
        limits::used::UsedRate,
        platform::Platform,
    },
    wire::lock::lock,
};

/// So many bytes wait at most for a file that cannot be written.
const MOST_WAITING: usize = 256 << 20;

/// Records what changes the state.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The platforms of which rows alone are kept.
    rows_alone: Vec<Platform>,
    gate: Mutex<()>,
    waiting: Mutex<Waiting>,
    added: Notify,
    is_replaying: AtomicBool,
    /// What became of it, for the statistics.
    report: Mutex<Value>,
}

/// What is not in the file yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Whether everything before it is void: the emulator was reset.
    pub(crate) begins_anew: bool,
    pub(crate) bytes: Vec<u8>,
    /// The last state of each rate. They change with every request, and are encoded when they are
    /// written.
    pub(crate) rates: HashMap<(String, String, u64), UsedRate>,
    /// Whether entries were left out because too many waited.
    pub(crate) is_cut: bool,
}

impl Journal {
    /// An empty journal; of the platforms `rows_alone`, only rows are kept.
    pub(crate) fn new(rows_alone: Vec<Platform>) -> Self {
        Self {
            rows_alone,
            gate: Mutex::default(),
            waiting: Mutex::default(),
            added: Notify::new(),
            is_replaying: AtomicBool::new(false),
            report: Mutex::default(),
        }
    }

    /// Whether each row of that platform is recorded.
    pub(crate) fn keeps_rows_of(&self, platform: Platform) -> bool {
        self.rows_alone.contains(&platform)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }

    /// Sets whether entries of the file are replayed: they are not recorded again.
    pub(crate) fn set_replaying(&self, is_replaying: bool) {
        self.is_replaying.store(is_replaying, Ordering::Release);
    }

    pub(crate) fn is_replaying(&self) -> bool {
        self.is_replaying.load(Ordering::Acquire)
    }

    /// Performs a change at that moment, and records what `entry` makes of its result.
    pub(crate) fn perform<T>(
        &self,
        now: impl FnOnce() -> Moment,
        change: impl FnOnce() -> T,
        entry: impl FnOnce(&T, Moment) -> Option<Entry>,
    ) -> T {
        if self.is_replaying() {
            return change();
        }
        let _gate = lock(&self.gate);
        let moment = now();
        let result = moment.hold(change);
        if let Some(entry) = entry(&result, moment) {
            self.add(&entry);
        }
        result
    }

    /// Records a change that was made.
    pub(crate) fn add(&self, entry: &Entry) {
        if self.is_replaying() {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.is_cut || waiting.bytes.len() > MOST_WAITING {
            // What follows would not fit to what is in the file.
            waiting.is_cut = true;
            return;
        }
        encode(entry, &mut waiting.bytes);
        drop(waiting);
        self.added.notify_one();
    }

    /// Performs a reset, during which no other change is recorded by [`perform`](Self::perform).
    pub(crate) fn reset(&self, reset: impl FnOnce()) {
        let _gate = lock(&self.gate);
        reset();
    }

    /// Voids everything that was recorded. Called under the locks of all stores: what a service records
    /// under its own lock is void if it came before, and stays if it came after.
    pub(crate) fn begin_again(&self) {
        *self.waiting() = Waiting {
            begins_anew: true,
            ..Waiting::default()
        };
        self.added.notify_one();
    }

    /// Records how much of some rates is used up, in place of what waits to be written of them.
    pub(crate) fn note_rates(&self, used: Vec<UsedRate>) {
        if self.is_replaying() {
            return;
        }
        let mut waiting = self.waiting();
        for one in used {
            let key = (one.class.clone(), one.key.clone(), one.seconds);
            waiting.rates.insert(key, one);
        }
        drop(waiting);
        self.added.notify_one();
    }

    /// Waits until something was recorded.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Sets what the statistics say of it.
    pub(crate) fn set_report(&self, report: Value) {
        *lock(&self.report) = report;
    }

    /// The member `data` of the statistics.
    pub(crate) fn report(&self) -> Value {
        lock(&self.report).clone()
    }

    /// Ends a wait for something to be recorded.
    pub(crate) fn wake(&self) {
        self.added.notify_one();
    }

    /// Takes what is to be written.
    pub(crate) fn take(&self) -> Waiting {
        let mut waiting = self.waiting();
        let is_cut = waiting.is_cut;
        let mut taken = std::mem::take(&mut *waiting);
        waiting.is_cut = is_cut;
        drop(waiting);
        let rates: Vec<UsedRate> = taken.rates.drain().map(|(_, used)| used).collect();
        if !rates.is_empty() && !is_cut {
            let body = serde_json::to_vec(&rates).unwrap_or_default().into();
            let head = Head::Rates;
            encode(&Entry { head, body }, &mut taken.bytes);
        }
        taken
    }

    /// Puts back what could not be written, before what came since.
    pub(crate) fn put_back(&self, mut taken: Waiting) {
        let mut waiting = self.waiting();
        if waiting.begins_anew {
            return;
        }
        taken.bytes.append(&mut waiting.bytes);
        waiting.bytes = taken.bytes;
        waiting.begins_anew = taken.begins_anew;
    }
}
