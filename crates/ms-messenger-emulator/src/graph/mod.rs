//! Microsoft Graph: Teams channels, replies and chats.

mod auth;
mod batch;
mod challenge;
mod context;
mod directory;
mod error;
mod messages;
mod permissions;
mod place;
mod routes;
mod store;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, StatusCode};

use crate::answer::Answer;
use crate::inbound::Inbound;
use crate::limits::{self, Throttled};
use crate::platform::Platform;
use crate::router::Route;
use crate::shared::{Outcome, Shared};

use auth::Caller;
use context::Context;
use error::GraphError;
use place::Place;

pub(crate) use challenge::challenge;
pub(crate) use messages::{inject, inject_delete, inject_edit, inject_event};
pub(crate) use routes::{Call, OPERATIONS, Op, Version, route};
pub(crate) use store::Store;

const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"Loopback","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"emulator"}}"#;

/// Answers an operation of this platform.
pub(crate) fn handle(
    shared: &Arc<Shared>,
    route: &Route,
    call: &Call,
    inbound: &Inbound,
) -> Outcome {
    let request_id = shared.answer_id().to_string();
    let outcome = execute(shared, route, call, inbound).unwrap_or_else(|refusal| {
        Outcome::new(
            refusal.into_answer(inbound, &request_id, shared.now_ms()),
            false,
        )
    });
    let answer = decorate(outcome.answer, inbound, &request_id);
    Outcome { answer, ..outcome }
}

fn execute(
    shared: &Arc<Shared>,
    route: &Route,
    call: &Call,
    inbound: &Inbound,
) -> Result<Outcome, GraphError> {
    // Its parts are judged and counted one by one.
    if call.op == Op::Batch {
        return batch::handle(shared, call.version, inbound);
    }
    let context = Context {
        shared,
        inbound,
        operation: route.operation,
        base: format!("{}/{}", inbound.origin(), call.version),
        caller: auth::authenticate(shared, inbound, &permissions::of(&call.op))?,
    };
    admit(&context).map_err(GraphError::throttled)?;
    match &call.op {
        Op::Messages(call) => messages::handle(&context, call),
        Op::Directory(call) => directory::handle(&context, call),
        Op::Batch => batch::handle(shared, call.version, inbound),
    }
}

/// Counts the request under the rates of its class, app, user, team and thread.
fn admit(context: &Context<'_>) -> Result<(), Throttled> {
    let shared = context.shared;
    if !shared.settings.has_limits {
        return Ok(());
    }
    let Caller {
        app, id, is_user, ..
    } = &context.caller;
    let whom = limits::Whom {
        app,
        user: if *is_user { id } else { "" },
        tenant: &shared.world.graph.tenant_id,
    };
    let inbound = context.inbound;
    let rates = limits::of_graph(&inbound.method, inbound.path(), &whom);
    shared.admit(Platform::MsgraphChat, &rates)
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    inbound: &Inbound,
    status: StatusCode,
    message: &str,
) -> Answer {
    refusal(shared, inbound, GraphError::of_status(status, message))
}

/// The whole answer of an error.
fn refusal(shared: &Shared, inbound: &Inbound, error: GraphError) -> Answer {
    let request_id = shared.answer_id().to_string();
    let answer = error.into_answer(inbound, &request_id, shared.now_ms());
    decorate(answer, inbound, &request_id)
}

fn decorate(answer: Answer, inbound: &Inbound, request_id: &str) -> Answer {
    let mut answer = answer
        .with_header("request-id", request_id)
        .with_header("odata-version", "4.0")
        .with_header("cache-control", "private")
        .with_header("x-ms-ags-diagnostic", DIAGNOSTIC);
    if let Some(id) = inbound.header("client-request-id") {
        answer.set_header(HeaderName::from_static("client-request-id"), id);
    }
    answer
}

/// An answer in Graph's JSON that stored no message.
fn json(status: StatusCode, body: impl Into<Bytes>) -> Outcome {
    Outcome::new(Answer::bytes(status, JSON, body.into()), false)
}
