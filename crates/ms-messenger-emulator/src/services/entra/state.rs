//! Entra ID's settings, its store and the engine that it runs on.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::{
    engine::resources::Engine,
    seed::Seed,
    services::entra::{settings::EntraSettings, store::Store},
    wire::lock::lock,
};

/// The token endpoints of Entra ID.
#[derive(Debug)]
pub(crate) struct Entra {
    pub(crate) engine: Arc<Engine>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) settings: EntraSettings,
    store: Mutex<Store>,
}

impl Entra {
    pub(crate) fn new(engine: &Arc<Engine>, seed: &Arc<Seed>, settings: EntraSettings) -> Self {
        Self {
            engine: Arc::clone(engine),
            seed: Arc::clone(seed),
            settings,
            store: Mutex::default(),
        }
    }

    /// The sign-ins; hold them briefly and never across an await.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Forgets all sign-ins, then runs `rest` under its lock.
    pub(crate) fn reset(&self, rest: &mut dyn FnMut()) {
        let mut store = self.store();
        *store = Store::default();
        rest();
    }
}
