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

use crate::engine::limits::{self, Throttled};
use crate::engine::platform::Platform;
use crate::engine::registry::Route;
use crate::engine::resources::{Outcome, Shared};
use crate::wire::request::Request;
use crate::wire::response::Response;

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
    request: &Request,
) -> Outcome {
    let request_id = shared.response_id().to_string();
    let outcome = execute(shared, route, call, request).unwrap_or_else(|refusal| {
        Outcome::new(
            refusal.into_response(request, &request_id, shared.now_ms()),
            false,
        )
    });
    let response = decorate(outcome.response, request, &request_id);
    Outcome {
        response,
        ..outcome
    }
}

fn execute(
    shared: &Arc<Shared>,
    route: &Route,
    call: &Call,
    request: &Request,
) -> Result<Outcome, GraphError> {
    // Its parts are judged and counted one by one.
    if call.op == Op::Batch {
        return batch::handle(shared, call.version, request);
    }
    let context = Context {
        shared,
        request,
        operation: route.operation,
        base: format!("{}/{}", request.origin(), call.version),
        caller: auth::authenticate(shared, request, &permissions::of(&call.op))?,
    };
    admit(&context).map_err(GraphError::throttled)?;
    match &call.op {
        Op::Messages(call) => messages::handle(&context, call),
        Op::Directory(call) => directory::handle(&context, call),
        Op::Batch => batch::handle(shared, call.version, request),
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
        tenant: &shared.seed.graph.tenant_id,
    };
    let request = context.request;
    let rates = limits::of_graph(&request.method, request.path(), &whom);
    shared.admit(Platform::MsgraphChat, &rates)
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    refusal(shared, request, GraphError::of_status(status, message))
}

/// The whole answer of an error.
fn refusal(shared: &Shared, request: &Request, error: GraphError) -> Response {
    let request_id = shared.response_id().to_string();
    let response = error.into_response(request, &request_id, shared.now_ms());
    decorate(response, request, &request_id)
}

fn decorate(response: Response, request: &Request, request_id: &str) -> Response {
    let mut response = response
        .with_header("request-id", request_id)
        .with_header("odata-version", "4.0")
        .with_header("cache-control", "private")
        .with_header("x-ms-ags-diagnostic", DIAGNOSTIC);
    if let Some(id) = request.header("client-request-id") {
        response.set_header(HeaderName::from_static("client-request-id"), id);
    }
    response
}

/// An answer in Graph's JSON that stored no message.
fn json(status: StatusCode, body: impl Into<Bytes>) -> Outcome {
    Outcome::new(Response::bytes(status, JSON, body.into()), false)
}
