//! What the inbox watches: how far the emulator is, and the exchanges that were kept.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::watch;

use crate::{
    engine::exchanges::Exchanges,
    wire::{guid, lock::lock},
};

/// How far the emulator is; wakes the readers of `/_emulator/events`.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Distinguishes this start from others.
    start: u64,
    /// Whether exchanges are kept.
    is_kept: bool,
    exchanges: Mutex<Exchanges>,
    changes: AtomicU64,
    wake: watch::Sender<State>,
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Running,
    /// The emulator shuts down: streams end.
    Ending,
}

impl Activity {
    /// `is_kept` says whether exchanges are kept for readers.
    pub(crate) fn new(is_kept: bool) -> Self {
        Self {
            start: guid::random_seed(),
            is_kept,
            exchanges: Mutex::default(),
            changes: AtomicU64::new(0),
            wake: watch::Sender::new(State::Running),
        }
    }

    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    pub(crate) const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// The kept exchanges; hold them briefly.
    pub(crate) fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        lock(&self.exchanges)
    }

    /// How often something changed that no exchange shows: a message by the other side, a sign-in, the fault
    /// rules, a clock.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Notes that something changed that no exchange shows.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.wake();
    }

    /// Wakes the readers.
    pub(crate) fn wake(&self) {
        self.wake.send_modify(|_| {});
    }

    /// Ends all streams.
    pub(crate) fn end(&self) {
        self.wake.send_replace(State::Ending);
    }

    /// Marked at whatever happens.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.wake.subscribe()
    }
}
