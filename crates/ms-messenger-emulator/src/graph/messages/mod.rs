//! The messages of channels and chats.

mod inject;
mod list;
mod markup;
mod preview;
mod read;
mod render;
mod routes;
mod send;
mod store;
mod validate;

use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::shared::Outcome;

pub(crate) use inject::inject;
pub(crate) use routes::{Call, Op, route};
pub(crate) use store::Store;
pub(crate) use validate::body;

/// Answers an operation on messages.
pub(crate) fn handle(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    match call.op {
        Op::Send | Op::Quote => send::send(context, call),
        Op::List => read::list(context, call),
        Op::Get => read::get(context, call),
        Op::SendUnderMe => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
    }
}

fn no_message() -> GraphError {
    GraphError::not_found("The message does not exist.")
}

/// The number that a message's id stands for.
fn number(id: Option<&String>) -> Result<Option<u64>, GraphError> {
    let parsed = id.map(|id| id.parse()).transpose();
    parsed.map_err(|_| no_message())
}
