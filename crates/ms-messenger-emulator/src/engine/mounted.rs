//! A service with what shows its messages.

use std::sync::Arc;

use crate::engine::{
    inspect::Inspect,
    service::{DynService, Service},
};

/// A service that is mounted.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    pub(crate) service: Arc<dyn DynService>,
    pub(crate) inspector: Option<Arc<dyn Inspect>>,
}

impl Mounted {
    /// A service whose messages are shown as the ledger has them.
    pub(crate) fn plain(service: impl Service) -> Self {
        Self {
            service: Arc::new(service),
            inspector: None,
        }
    }

    /// A service that shows its messages itself.
    pub(crate) fn shown<S: Service + Inspect>(service: S) -> Self {
        let service = Arc::new(service);
        Self {
            inspector: Some(Arc::clone(&service) as Arc<dyn Inspect>),
            service,
        }
    }
}
