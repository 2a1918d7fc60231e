//! One request of a verified caller.

use crate::{
    services::graph::{caller::Caller, state::Graph},
    wire::request::Request,
};

/// One request of a verified caller.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) service: &'a Graph,
    pub(crate) request: &'a Request,
    /// The operation's name in the ledger.
    pub(crate) operation: &'static str,
    /// Origin and version as the client called them, `https://localhost:8411/v1.0`.
    pub(crate) base: String,
    pub(crate) caller: Caller,
}
