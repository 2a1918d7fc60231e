//! Teams, channels, chats and their members.

mod chats;
mod routes;
mod store;

use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::shared::Outcome;

pub(crate) use routes::{Call, route};
pub(crate) use store::Store;

/// Answers an operation of the directory.
pub(crate) fn handle(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    match call {
        Call::ChatCreate => chats::create(context),
    }
}
