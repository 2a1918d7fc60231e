//! The messages of channels and chats.

mod address;
mod attachments;
mod card;
mod changes;
mod delete;
mod delta;
mod emoji;
pub(crate) mod event;
mod forget;
mod hosted;
mod inject;
mod list;
mod markup;
mod migration;
mod pages;
mod policy;
mod preview;
mod reaction;
mod read;
mod render;
mod routes;
mod send;
mod share;
mod store;
mod template;
mod update;
mod uploads;
mod validate;

use http::StatusCode;

use crate::engine::resources::Outcome;
use crate::services::graph;
use crate::services::graph::auth::Caller;
use crate::services::graph::context::Context;
use crate::services::graph::error::GraphError;
use crate::wire::response::Response;

use address::{Address, Via};
use template::{Template, View};

pub(crate) use inject::{inject, inject_delete, inject_edit, inject_event};
pub(crate) use routes::{Call, InPlace, Op, Whose, route};
pub(crate) use store::Store;
pub(crate) use validate::body;

/// What a reader asks for who knows the members of enumerations that came later.
const ALL_MEMBERS: &str = "include-unknown-enum-members";

/// Answers an operation on messages.
pub(crate) fn handle(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let call = match call {
        Call::In(call) => call,
        Call::Across(call) => return delta::across(context, call),
        Call::Migrate(call) => return migration::migrate(context, call),
    };
    refuse_by_path(call)?;
    match call.op {
        Op::Send | Op::Quote => send::send(context, call),
        Op::List => read::list(context, call),
        Op::Get => read::get(context, call),
        Op::Update => update::update(context, call),
        Op::SoftDelete | Op::UndoSoftDelete => delete::delete(context, call),
        Op::SetReaction | Op::UnsetReaction => reaction::react(context, call),
        Op::HostedList | Op::HostedGet | Op::HostedValue => hosted::read(context, call),
        Op::Delta => delta::in_place(context, call),
    }
}

/// Some paths take reads only, although they look like those that take writes.
fn refuse_by_path(call: &InPlace) -> Result<(), GraphError> {
    let is_deletion = matches!(call.op, Op::SoftDelete | Op::UndoSoftDelete);
    let is_reaction = matches!(call.op, Op::SetReaction | Op::UnsetReaction);
    let is_chat = !call.at.place.is_channel();
    match &call.at.via {
        Via::User(_) if is_deletion => Ok(()),
        Via::User(_) if is_reaction => Err(unsupported_path()),
        Via::Direct if is_deletion && is_chat => Err(unsupported_path()),
        Via::Me | Via::User(_) if call.op.is_write() => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
        _ => Ok(()),
    }
}

fn unsupported_path() -> GraphError {
    GraphError::not_found("Requested API is not supported. Please check the path.")
}

fn no_message() -> GraphError {
    GraphError::not_found("The message does not exist.")
}

/// The number that a message's id stands for.
fn number(id: Option<&String>) -> Result<Option<u64>, GraphError> {
    let parsed = id.map(|id| id.parse()).transpose();
    parsed.map_err(|_| no_message())
}

/// How the caller wants messages.
fn view<'a>(context: &'a Context<'_>) -> View<'a> {
    let prefer = context.request.headers.get_all("prefer");
    let mut preferences = prefer.iter().filter_map(|value| value.to_str().ok());
    let is_all = |item: &str| item.trim().eq_ignore_ascii_case(ALL_MEMBERS);
    View {
        base: &context.base,
        knows_all_members: preferences.any(|value| value.split([',', ';']).any(is_all)),
    }
}

/// The answer, which tells whether the preference was honoured.
fn with_preference(outcome: Outcome, view: View<'_>) -> Outcome {
    if !view.knows_all_members {
        return outcome;
    }
    let response = outcome
        .response
        .with_header("preference-applied", ALL_MEMBERS);
    Outcome {
        response,
        ..outcome
    }
}

/// A message that exists, in a place that the caller may enter.
#[derive(Debug)]
struct Located {
    root: Option<u64>,
    id: u64,
    template: Template,
    is_deleted: bool,
}

/// Finds the message of a call.
fn locate(
    context: &Context<'_>,
    graph: &graph::Store,
    call: &InPlace,
    at: &Address,
) -> Result<Located, GraphError> {
    let root = number(call.root.as_ref())?;
    let id = number(call.message.as_ref())?.ok_or_else(no_message)?;
    let directory = &graph.directory;
    directory.admit(context.shared, &at.place, &context.caller)?;
    let template = graph.messages.template(&at.place, root, id);
    Ok(Located {
        root,
        id,
        template: template.ok_or_else(no_message)?,
        is_deleted: graph.messages.is_deleted(&at.place, id),
    })
}

impl Located {
    fn refuse_others(&self, caller: &Caller) -> Result<(), GraphError> {
        if self.template.value()["from"]["user"]["id"] == caller.id {
            return Ok(());
        }
        let message = "The message was not sent by the caller.";
        Err(GraphError::forbidden(message))
    }

    fn refuse_deleted(&self) -> Result<(), GraphError> {
        if self.is_deleted {
            return Err(GraphError::bad_request("The message is deleted."));
        }
        Ok(())
    }
}

/// The answer to a change that tells nothing.
fn no_content() -> Outcome {
    Outcome::new(Response::empty(StatusCode::NO_CONTENT), false)
}
