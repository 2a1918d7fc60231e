//! Drives: the files of users, teams and channels.

pub(crate) mod access;
pub(crate) mod admin;
pub(crate) mod content;
pub(crate) mod destination;
pub(crate) mod direct;
pub(crate) mod drive;
pub(crate) mod error;
pub(crate) mod item;
pub(crate) mod locate;
pub(crate) mod name;
pub(crate) mod quick_xor;
pub(crate) mod range;
pub(crate) mod read;
pub(crate) mod render;
pub(crate) mod routes;
pub(crate) mod sent;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod shared;
pub(crate) mod sharing;
pub(crate) mod site;
pub(crate) mod store;
pub(crate) mod upload;
pub(crate) mod visit;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        drives::{routes::Op, visit::Visit},
        error::GraphError,
    },
};
pub(crate) use routes::Call;

/// Carries out an operation on drives.
pub(crate) fn handle(visit: &Visit<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let (at, op) = match call {
        Call::In(at, op) => (at, op),
        Call::ChannelFolder(team, channel) => return read::channel_folder(visit, team, channel),
        Call::Shared { token, is_content } => return shared::get(visit, token, *is_content),
        Call::Direct(call) => {
            let context = &visit.context;
            return direct::handle(context.service, context.request, call, visit.is_taken);
        }
    };
    match op {
        Op::Drive => read::drive(visit, at),
        Op::Get => read::get(visit, at),
        Op::List => read::list(visit, at),
        Op::CreateFolder => read::create(visit, at),
        Op::Content => read::content(visit, at),
        Op::Upload => upload::put(visit, at),
        Op::CreateSession => upload::create_session(visit, at),
        Op::Commit => upload::commit(visit, at),
        Op::Delete => read::delete(visit, at),
        Op::Invite => sharing::invite(visit, at),
        Op::CreateLink => sharing::link(visit, at),
    }
}
