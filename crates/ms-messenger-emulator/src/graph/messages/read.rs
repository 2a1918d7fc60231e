//! Single messages and lists.

use http::StatusCode;

use crate::graph;
use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::graph::messages::send::entity;
use crate::graph::messages::{Call, list, no_message, number};
use crate::shared::Outcome;

/// One message, or one reply.
pub(crate) fn get(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let place = call.place.well_formed()?;
    let root = number(call.root.as_ref())?;
    let id = number(call.message.as_ref())?.ok_or_else(no_message)?;
    let rendered = {
        let state = context.shared.state();
        let graph = &state.graph;
        graph
            .directory
            .admit(context.shared, &place, &context.caller)?;
        let found = graph.messages.rendered(&place, root, id);
        found.ok_or_else(no_message)?
    };
    let body = entity(&context.base, &place, root, &rendered);
    Ok(graph::json(StatusCode::OK, body))
}

/// A page of messages, or of the replies to one.
pub(crate) fn list(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let place = call.place.well_formed()?;
    let options = list::Options::read(context.inbound, &place)?;
    let root = number(call.root.as_ref())?;
    let page = {
        let state = context.shared.state();
        let messages = &state.graph.messages;
        let directory = &state.graph.directory;
        directory.admit(context.shared, &place, &context.caller)?;
        match root {
            Some(root) if !messages.has_root(&place, root) => return Err(no_message()),
            Some(root) => messages.replies(&place, root, options.before.1, options.top),
            None => {
                let admits = |ms| options.admits(ms);
                messages.roots(&place, options.before, options.top, admits)
            }
        }
    };
    let (within, below) = match root {
        None => (String::new(), String::new()),
        Some(root) => (format!("('{root}')/replies"), format!("/{root}/replies")),
    };
    let metadata = format!("{}/messages{within}", place.context());
    let path = format!("{}/messages{below}", place.path());
    let body = list::body(&options, &context.base, &metadata, &path, &page);
    Ok(graph::json(StatusCode::OK, body))
}
