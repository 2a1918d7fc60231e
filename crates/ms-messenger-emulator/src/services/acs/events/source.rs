//! Where events come from.

use std::sync::Arc;

use crate::{engine::resources::Engine, seed::Seed};

/// The ACS resource that events come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) engine: Arc<Engine>,
    /// The path of the resource, which is the topic of all its events.
    pub(crate) topic: String,
    /// The tenant of Event Grid's tokens.
    pub(crate) tenant: String,
}

impl Source {
    pub(crate) fn new(engine: &Arc<Engine>, seed: &Seed) -> Self {
        let (tenant, resource) = (&seed.graph.tenant_id, seed.resource_id());
        Self {
            engine: Arc::clone(engine),
            topic: format!(
                "/subscriptions/{tenant}/resourcegroups/emulator/providers/microsoft.communication/communicationservices/{resource}"
            ),
            tenant: tenant.clone(),
        }
    }
}
