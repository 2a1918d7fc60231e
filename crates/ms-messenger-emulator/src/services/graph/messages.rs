//! The messages of channels and chats.

pub(crate) mod address;
pub(crate) mod attachments;
pub(crate) mod card;
pub(crate) mod changes;
pub(crate) mod delete;
pub(crate) mod delta;
pub(crate) mod emoji;
pub(crate) mod entity;
pub(crate) mod event;
pub(crate) mod forget;
pub(crate) mod hosted;
pub(crate) mod injected;
pub(crate) mod list;
pub(crate) mod location;
pub(crate) mod markup;
pub(crate) mod migrating;
pub(crate) mod migration;
pub(crate) mod pages;
pub(crate) mod policy;
pub(crate) mod preference;
pub(crate) mod preview;
pub(crate) mod reaction;
pub(crate) mod read;
pub(crate) mod render;
pub(crate) mod routes;
pub(crate) mod send;
pub(crate) mod share;
pub(crate) mod store;
pub(crate) mod template;
pub(crate) mod update;
pub(crate) mod uploads;
pub(crate) mod validate;

use crate::{
    engine::outcome::Outcome,
    services::graph::{context::Context, error::GraphError, messages::address::Via},
};
pub(crate) use routes::{Call, InPlace, Op};

/// Carries out an operation on messages.
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

/// Some paths support reads only, although they resemble those of writes.
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
