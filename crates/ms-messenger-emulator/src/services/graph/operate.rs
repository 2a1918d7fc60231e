//! Carries out the operations of Graph.

use crate::{
    engine::{exchange::Exchange, limits::Throttled, outcome::Outcome, platform::Platform},
    services::graph::{
        auth, batch,
        caller::Caller,
        context::Context,
        directory,
        drives::{self, visit::Visit},
        error::GraphError,
        faults::GraphFault,
        limits, messages,
        notifications::{self, operations},
        permissions,
        response::decorate,
        routes::{Call, Op, Version},
        state::Graph,
    },
    wire::request::Request,
};

/// Carries out an operation.
pub(crate) fn handle(service: &Graph, exchange: &Exchange<'_>, call: &Call) -> Outcome {
    let request = exchange.request();
    finish(service, request, execute(service, exchange, call))
}

/// Carries out an operation on subscriptions that calls a receiver.
pub(crate) async fn handle_later(
    service: &Graph,
    exchange: &Exchange<'_>,
    version: Version,
    op: &notifications::routes::Call,
) -> Outcome {
    let request = exchange.request();
    let done = operations::handle_later(service, request, version, op).await;
    finish(service, request, done)
}

fn finish(service: &Graph, request: &Request, done: Result<Outcome, GraphError>) -> Outcome {
    let request_id = service.engine.response_id().to_string();
    let outcome = done.unwrap_or_else(|refusal| {
        let now = service.engine.now_ms();
        Outcome::new(refusal.into_response(request, &request_id, now), false)
    });
    let response = decorate(outcome.response, request, &request_id);
    Outcome {
        response,
        ..outcome
    }
}

fn execute(service: &Graph, exchange: &Exchange<'_>, call: &Call) -> Result<Outcome, GraphError> {
    let request = exchange.request();
    let (caller, op) = match &call.op {
        // Its parts are judged and counted one by one.
        Op::Batch => return batch::handle(service, exchange, call.version),
        Op::Subscriptions(op) => {
            return operations::handle(service, request, call.version, op);
        }
        Op::Drives(of_drives) => return on_drives(service, exchange, call.version, of_drives),
        op => (
            auth::authenticate(service, request, &permissions::of(op))?,
            op,
        ),
    };
    let context = Context {
        service,
        request,
        operation: exchange.operation(),
        base: format!("{}/{}", request.origin(), call.version),
        caller,
    };
    admit(&context).map_err(GraphError::throttled)?;
    match op {
        Op::Messages(call) => messages::handle(&context, call),
        Op::Directory(call) => directory::handle(&context, call),
        Op::Drives(of_drives) => on_drives(service, exchange, call.version, of_drives),
        Op::Batch => batch::handle(service, exchange, call.version),
        Op::Subscriptions(op) => operations::handle(service, request, call.version, op),
    }
}

/// The same for drives, which judge what a token reaches, and have addresses that need none.
fn on_drives(
    service: &Graph,
    exchange: &Exchange<'_>,
    version: Version,
    call: &drives::Call,
) -> Result<Outcome, GraphError> {
    let request = exchange.request();
    let is_taken = exchange.own_fault() == Some(&GraphFault::NameConflict);
    if let drives::Call::Direct(call) = call {
        return drives::direct::handle(service, request, call, is_taken);
    }
    let (caller, reach) = drives::access::authenticate(service, request)?;
    let context = Context {
        service,
        request,
        operation: exchange.operation(),
        base: format!("{}/{version}", request.origin()),
        caller,
    };
    admit(&context).map_err(GraphError::throttled)?;
    let visit = Visit {
        context,
        reach,
        is_taken,
    };
    drives::handle(&visit, call)
}

/// Counts the request under the rates of its class, app, user, team and thread.
fn admit(context: &Context<'_>) -> Result<(), Throttled> {
    let engine = &context.service.engine;
    if !engine.settings.has_limits {
        return Ok(());
    }
    let Caller {
        app, id, is_user, ..
    } = &context.caller;
    let principal = limits::Principal {
        app,
        user: if *is_user { id } else { "" },
        tenant: &context.service.seed.graph.tenant_id,
    };
    let request = context.request;
    let rates = limits::of(&request.method, request.path(), &principal);
    engine.admit(Platform::MSGRAPH_CHAT, &rates)
}
