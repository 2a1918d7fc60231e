//! Finds the message of a call.

use crate::services::graph::{
    caller::Caller,
    context::Context,
    error::GraphError,
    messages::{address::Address, routes::InPlace, template::Template},
    store::GraphStore,
};

pub(crate) fn no_message() -> GraphError {
    GraphError::not_found("The message does not exist.")
}

/// The number that a message's id stands for.
pub(crate) fn number(id: Option<&String>) -> Result<Option<u64>, GraphError> {
    let parsed = id.map(|id| id.parse()).transpose();
    parsed.map_err(|_| no_message())
}

/// A message that exists, in a place that the caller may enter.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) root: Option<u64>,
    pub(crate) id: u64,
    pub(crate) template: Template,
    pub(crate) is_deleted: bool,
}

/// Finds the message of a call.
pub(crate) fn locate(
    context: &Context<'_>,
    graph: &GraphStore,
    call: &InPlace,
    at: &Address,
) -> Result<Located, GraphError> {
    let root = number(call.root.as_ref())?;
    let id = number(call.message.as_ref())?.ok_or_else(no_message)?;
    let directory = &graph.directory;
    directory.admit(&at.place, &context.caller)?;
    let template = graph.messages.template(&at.place, root, id);
    Ok(Located {
        root,
        id,
        template: template.ok_or_else(no_message)?,
        is_deleted: graph.messages.is_deleted(&at.place, id),
    })
}

impl Located {
    pub(crate) fn refuse_others(&self, caller: &Caller) -> Result<(), GraphError> {
        if self.template.value()["from"]["user"]["id"] == caller.id {
            return Ok(());
        }
        let message = "The message was not sent by the caller.";
        Err(GraphError::forbidden(message))
    }

    pub(crate) fn refuse_deleted(&self) -> Result<(), GraphError> {
        if self.is_deleted {
            return Err(GraphError::bad_request("The message is deleted."));
        }
        Ok(())
    }
}
