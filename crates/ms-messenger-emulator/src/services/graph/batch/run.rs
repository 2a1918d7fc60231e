//! Carries out the parts of a batch.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::{
    engine::{
        carry_out,
        exchange::Exchange,
        faults::action::{FaultAction, LateResponse, LateStore, When},
        late,
        outcome::Outcome,
        refusal::Refusal,
        registry::{Route, Routed},
        stats::Event,
    },
    services::graph::{
        batch::{order::Step, part::Part},
        error::GraphError,
        operate,
        response::{refusal, status_error},
        routes::{Call, Op, Version},
        state::Graph,
    },
    wire::{request::Request, response::Response},
};

/// What became of a part.
struct Done {
    response: Response,
    is_stored: bool,
    /// A fault that the whole batch suffers.
    fault: Option<FaultAction>,
}

impl Done {
    const fn plain(response: Response) -> Self {
        Self {
            response,
            is_stored: false,
            fault: None,
        }
    }
}

/// The responses of all parts, and the fault of the whole batch.
pub(super) fn all(
    service: &Graph,
    batch: &Exchange<'_>,
    version: Version,
    parts: &[Part],
    order: &[Step],
) -> (Vec<Value>, Option<FaultAction>) {
    let mut failed = vec![false; parts.len()];
    let mut responses = Vec::new();
    let (mut is_stored, mut fault) = (false, None);
    for step in order {
        let part = &parts[step.part];
        let done = if step.parents.iter().any(|parent| failed[*parent]) {
            let status = StatusCode::FAILED_DEPENDENCY;
            let error = status_error(service, batch.request(), status, "failed dependency");
            Done::plain(error)
        } else {
            carry_out(service, batch, version, part)
        };
        failed[step.part] = done.response.is_refusal();
        is_stored |= done.is_stored;
        fault = worse(fault, done.fault);
        responses.push(written(&part.id, &done.response));
    }
    if is_stored {
        service.engine.announce();
    }
    (responses, fault)
}

/// Carries out one part, as if it were a request of its own.
fn carry_out(service: &Graph, batch: &Exchange<'_>, version: Version, part: &Part) -> Done {
    let registry = batch.registry;
    let this = batch.route.service;
    registry.count(this, Event::Request);
    let refused = |error: GraphError| {
        registry.count(this, Event::Rejected);
        Done::plain(refusal(service, batch.request(), error))
    };
    let request = match part.request(batch.request(), &version.to_string()) {
        Ok(request) => request,
        Err(error) => return refused(error),
    };
    let of = |refusal: Refusal| GraphError::of_status(refusal.status(), refusal.message());
    match registry.route(&request.method, &request.target) {
        Routed::Operation(route) if route.service == this => {
            operation(service, batch, &route, &request).unwrap_or_else(|| {
                let message = "A batch request cannot have another batch in it.";
                refused(GraphError::bad_request(message))
            })
        }
        Routed::WrongMethod(other, allowed) if other == this => {
            let mut done = refused(of(Refusal::WrongMethod));
            done.response.set_header(http::header::ALLOW, allowed);
            done
        }
        _ => refused(of(Refusal::Unrouted)),
    }
}

/// An operation under the ordinary rules of faults; `None` for a batch.
fn operation(
    service: &Graph,
    batch: &Exchange<'_>,
    route: &Route,
    request: &Request,
) -> Option<Done> {
    let registry = batch.registry;
    let call: &Call = route.found.call.downcast_ref()?;
    if call.op == Op::Batch {
        return None;
    }
    let description = registry.description(route.service);
    let fault = service.engine.decide_fault(
        description,
        route.found.operation,
        request.client_request_id(),
    );
    if fault.is_some() {
        registry.count(route.service, Event::Fault);
    }
    let exchange = Exchange {
        registry,
        route,
        request,
        fault: fault.as_ref(),
    };
    if let Some(response) = carry_out::instead(&exchange) {
        return Some(Done::plain(response));
    }
    match &fault {
        Some(FaultAction::LateStore(late)) => return Some(store_late(service, &exchange, late)),
        Some(
            FaultAction::Close { when }
            | FaultAction::Reset { when }
            | FaultAction::GoAway { when },
        ) if *when != When::AfterStore => {
            // No client reads this response; parts that depend on this one are not carried out.
            let gone = Response::empty(StatusCode::BAD_GATEWAY);
            let mut done = Done::plain(gone);
            done.fault = fault;
            return Some(done);
        }
        _ => {}
    }
    let handle = || operate::handle(service, &exchange, call);
    let outcome = carry_out::record_part(&exchange, handle);
    if outcome.is_stored {
        registry.count(route.service, Event::Stored);
    } else if outcome.response.is_refusal() {
        registry.count(route.service, Event::Rejected);
    }
    Some(finish(&exchange, outcome, fault.clone()))
}

/// The part with what its fault does to its response.
fn finish(exchange: &Exchange<'_>, outcome: Outcome, fault: Option<FaultAction>) -> Done {
    let Exchange {
        registry,
        route,
        request,
        ..
    } = exchange;
    let Outcome {
        response,
        is_stored,
        ..
    } = outcome;
    let (response, fault) = match fault {
        Some(FaultAction::StatusAfterStore(status)) => {
            let response = registry.fault_response(route.service, request, &status);
            (response, None)
        }
        Some(FaultAction::Headers { .. } | FaultAction::EmptyPage) => (
            carry_out::changed(registry, response, request, fault.as_ref()),
            None,
        ),
        fault => (response, fault),
    };
    Done {
        response,
        is_stored,
        fault,
    }
}

/// A part that is carried out after the batch got its response: that of the fault's status, or 504
/// where the whole batch does not end with it.
fn store_late(service: &Graph, exchange: &Exchange<'_>, late: &LateStore) -> Done {
    let Exchange {
        registry,
        route,
        request,
        ..
    } = *exchange;
    // Its response goes nowhere.
    drop(late::begin(
        registry,
        route.clone(),
        request.clone(),
        late.ms,
    ));
    let when = When::AfterStore;
    let (status, fault) = match &late.then {
        LateResponse::Status(status) => {
            return Done::plain(registry.fault_response(route.service, request, status));
        }
        LateResponse::Close => (StatusCode::BAD_GATEWAY, Some(FaultAction::Close { when })),
        LateResponse::Reset => (StatusCode::BAD_GATEWAY, Some(FaultAction::Reset { when })),
        LateResponse::Response | LateResponse::Silence => (StatusCode::GATEWAY_TIMEOUT, None),
    };
    let response = status_error(service, request, status, "The request timed out.");
    Done {
        fault,
        ..Done::plain(response)
    }
}

/// Of two faults the one that leaves less of the response; of two delays the longer.
fn worse(one: Option<FaultAction>, other: Option<FaultAction>) -> Option<FaultAction> {
    let rank = |fault: &FaultAction| match fault {
        FaultAction::Reset { .. } => (8, 0),
        FaultAction::Close { .. } => (7, 0),
        FaultAction::GoAway {
            when: When::BeforeRead | When::AfterRead,
        } => (6, 0),
        FaultAction::ResetAfterBytes { .. } => (5, 0),
        FaultAction::DuplicateResponse => (4, 0),
        FaultAction::GoAway { .. } | FaultAction::SlowBody { .. } => (3, 0),
        FaultAction::CutBody { .. } => (2, 0),
        FaultAction::MalformedBody => (1, 0),
        FaultAction::Delay { ms } => (0, *ms),
        _ => (0, 0),
    };
    // Whatever its moment was for the part, the parts were all carried out before.
    let after = |fault| match fault {
        FaultAction::Reset { .. } => FaultAction::Reset {
            when: When::AfterStore,
        },
        // The batch was taken: it cannot be said any more that it was not.
        FaultAction::Close { .. }
        | FaultAction::GoAway {
            when: When::BeforeRead | When::AfterRead,
        } => FaultAction::Close {
            when: When::AfterStore,
        },
        fault => fault,
    };
    one.into_iter().chain(other).max_by_key(rank).map(after)
}

fn written(id: &str, response: &Response) -> Value {
    json!({
        "id": id,
        "status": response.status.as_u16(),
        "headers": headers(&response.headers),
        "body": body(response),
    })
}

/// JSON as it stands, anything else in Base64.
fn body(response: &Response) -> Value {
    if response.body.is_empty() {
        return Value::Null;
    }
    let kind = response.headers.get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let json = serde_json::from_slice(&response.body)
        .ok()
        .filter(|_| is_json);
    json.unwrap_or_else(|| STANDARD.encode(&response.body).into())
}

/// The headers, with the capitals that the service writes.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let capitals = |name: &str| {
        if name.starts_with("x-") || name.ends_with("request-id") {
            return name.to_owned();
        }
        if let Some(rest) = name.strip_prefix("odata-") {
            return format!("OData-{}", capital(rest));
        }
        let words: Vec<String> = name.split('-').map(capital).collect();
        words.join("-")
    };
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (capitals(name.as_str()), text(value).into()))
        .collect()
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_ascii_uppercase() + rest
}
