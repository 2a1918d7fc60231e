//! One request on its way through a service.

use std::sync::Arc;

use crate::{
    engine::{
        faults::{
            action::FaultAction,
            own::{OwnFault, ServiceFault},
        },
        registry::{Registry, Route},
        resources::Engine,
    },
    wire::request::Request,
};

/// A request that was read completely, and what its service needs to handle it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    pub(crate) registry: &'a Arc<Registry>,
    pub(crate) route: &'a Route,
    pub(crate) request: &'a Request,
    pub(crate) fault: Option<&'a FaultAction>,
}

impl<'a> Exchange<'a> {
    /// Returns the engine: ledger, limits, tokens, ids and clock.
    pub fn engine(&self) -> &'a Engine {
        &self.registry.engine
    }

    /// Returns the request.
    pub const fn request(&self) -> &'a Request {
        self.request
    }

    /// Returns the name of the operation.
    pub const fn operation(&self) -> &'static str {
        self.route.found.operation
    }

    /// Returns the fault that the service itself carries out, if it is a `T`.
    pub fn own_fault<T: ServiceFault>(&self) -> Option<&'a T> {
        match self.fault? {
            FaultAction::Own(fault) => OwnFault::downcast_ref(fault),
            _ => None,
        }
    }
}
