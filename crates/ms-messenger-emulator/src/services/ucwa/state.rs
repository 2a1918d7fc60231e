//! UCWA's settings, its store and the engine that it runs on.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::{
    engine::resources::Engine,
    seed::Seed,
    services::ucwa::{clock::UcwaClock, settings::UcwaSettings, store::Store},
    wire::lock::lock,
};

/// Skype for Business Server.
#[derive(Debug)]
pub(crate) struct Ucwa {
    pub(crate) engine: Arc<Engine>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) settings: UcwaSettings,
    /// Wakes the task that keeps the deadlines when a nearer one was set.
    pub(super) deadline_set: Notify,
    /// The clock of its durations.
    pub(super) clock: UcwaClock,
    store: Mutex<Store>,
}

impl Ucwa {
    pub(crate) fn new(engine: &Arc<Engine>, seed: &Arc<Seed>, settings: UcwaSettings) -> Self {
        Self {
            engine: Arc::clone(engine),
            seed: Arc::clone(seed),
            settings,
            deadline_set: Notify::new(),
            clock: UcwaClock::default(),
            store: Mutex::default(),
        }
    }

    /// The store; hold it briefly and never across an await. The ledger is locked inside.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Ends all applications, then runs `rest` under its lock.
    pub(super) fn reset(&self, rest: &mut dyn FnMut()) {
        let mut store = self.store();
        *store = Store::default();
        self.clock.reset();
        rest();
    }
}
