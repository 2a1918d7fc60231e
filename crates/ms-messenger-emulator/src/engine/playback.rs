//! What responds in place of the services, while they serve the same requests beside it.

use std::fmt;

use http::Method;
use serde_json::Value;

use crate::wire::response::Response;

/// A request that has its response already.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    /// The number of the exchange that responds.
    pub(crate) exchange: usize,
    /// The scheme and the host that the client called.
    pub(crate) origin: String,
}

/// Responds in place of the services.
pub(crate) trait Playback: fmt::Debug + Send + Sync {
    /// Takes the exchange that responds to the request, if there is one.
    fn begin(&self, method: &Method, target: &str, origin: String) -> Option<Ticket>;

    /// The response of the exchange, after a comparison with that of the services.
    fn respond(&self, ticket: &Ticket, ours: &Response) -> Response;

    /// The document of `GET /_emulator/replay`.
    fn report(&self) -> Value;

    /// Begins again.
    fn reset(&self);
}
