//! Graph's settings, its store and the engine that it runs on.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::{
    engine::{description::Description, resources::Engine},
    seed::Seed,
    services::graph::{
        drives::settings::DriveSettings, notifications::hub::Hub, store::GraphStore,
    },
    wire::lock::lock,
};

const MESSAGE_LIMIT: usize = 28 * 1024;

/// The builder's choices for Graph.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GraphSettings {
    /// The size of a message in bytes at most.
    pub(crate) message_limit: usize,
    /// Whether expired tokens are refused with 403 in place of 401.
    pub(crate) forbids_expired: bool,
    pub(crate) drives: DriveSettings,
}

impl Default for GraphSettings {
    fn default() -> Self {
        Self {
            message_limit: MESSAGE_LIMIT,
            forbids_expired: false,
            drives: DriveSettings::default(),
        }
    }
}

/// Microsoft Graph.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) engine: Arc<Engine>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) settings: GraphSettings,
    store: Mutex<GraphStore>,
    /// The subscriptions to changes; locked inside the store.
    pub(crate) notifications: Hub,
}

impl Graph {
    /// `description` is that of the service.
    pub(crate) fn new(
        engine: &Arc<Engine>,
        seed: &Arc<Seed>,
        settings: GraphSettings,
        description: &'static Description,
    ) -> Self {
        Self {
            store: Mutex::new(seeded(engine, seed, settings)),
            notifications: Hub::new(engine, description, &seed.graph.tenant_id),
            engine: Arc::clone(engine),
            seed: Arc::clone(seed),
            settings,
        }
    }

    /// The store; hold it briefly and never across an await. The ledger is locked inside.
    pub(crate) fn store(&self) -> MutexGuard<'_, GraphStore> {
        lock(&self.store)
    }

    /// Publishes the changes since the last call to the subscriptions that watch them.
    pub(crate) fn publish(&self) {
        let graph = &mut *self.store();
        let is_watched = !self.notifications.is_idle();
        for change in graph.messages.take_changes(is_watched) {
            self.notifications.publish(&change, &graph.directory);
        }
    }

    /// Empties the store, then runs `rest` under its lock.
    pub(crate) fn reset(&self, rest: &mut dyn FnMut()) {
        self.notifications.clear();
        let mut store = self.store();
        *store = seeded(&self.engine, &self.seed, self.settings);
        rest();
    }
}

fn seeded(engine: &Engine, seed: &Seed, settings: GraphSettings) -> GraphStore {
    GraphStore::new(seed, &engine.clock, engine.is_strict(), settings.drives)
}
