//! What every operation of Graph is given.

use crate::graph::auth::Caller;
use crate::inbound::Inbound;
use crate::shared::Shared;

/// One request of a verified caller.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) inbound: &'a Inbound,
    /// The operation's name in the ledger.
    pub(crate) operation: &'static str,
    /// Origin and version as the client called them, `https://localhost:8411/v1.0`.
    pub(crate) base: String,
    pub(crate) caller: Caller,
}
