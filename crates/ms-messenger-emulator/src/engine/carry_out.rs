//! Runs a service, and applies the faults before and after it.

use std::{future::poll_fn, sync::Arc, task::Poll};

use serde_json::Value;

use crate::{
    engine::{
        exchange::Exchange,
        faults::action::FaultAction,
        journal::entry::{Entry, Head, Kept, Moment},
        outcome::Outcome,
        registry::{Registry, Route},
        service::BoxFuture,
        stats::Event,
    },
    wire::{request::Request, response::Response},
};

/// The response of a fault in place of the service, which then does nothing.
pub(crate) fn instead(exchange: &Exchange<'_>) -> Option<Response> {
    let Exchange {
        registry,
        route,
        request,
        fault,
    } = exchange;
    match fault.as_ref()? {
        FaultAction::Status(instead) => {
            Some(registry.fault_response(route.service, request, instead))
        }
        FaultAction::Own(fault) => registry
            .service(route.service)
            .fault_response(exchange, fault),
        FaultAction::TokenExpiry => {
            if let Some(audience) = route.found.audience {
                let engine = &registry.engine;
                engine.token_life.end_all(audience, engine.now_ms(), false);
            }
            None
        }
        _ => None,
    }
}

/// Lets the service process the request, and counts the result.
pub(crate) async fn carry_out(exchange: &Exchange<'_>) -> Outcome {
    let Exchange {
        registry, route, ..
    } = exchange;
    let service = registry.service(route.service);
    let serve = service.serve(exchange, &route.found.call);
    let outcome = recorded(exchange, serve).await;
    let outcome = outcome.unwrap_or_else(|| {
        let status = http::StatusCode::INTERNAL_SERVER_ERROR;
        let message = "The call is one of another service.";
        Outcome::new(
            registry.error(route.service, exchange.request, status, message),
            false,
        )
    });
    registry.forget_dropped();
    if outcome.is_stored {
        registry.count(route.service, Event::Stored);
        registry.engine.announce();
    } else if outcome.response.is_refusal() {
        registry.count(route.service, Event::Rejected);
    }
    outcome
}

/// Serves, and records what changes the state. Services change it before they wait for anything, so
/// that the first step is the change.
async fn recorded(
    exchange: &Exchange<'_>,
    mut serve: BoxFuture<'_, Option<Outcome>>,
) -> Option<Outcome> {
    let Some(changes) = kept_changes(exchange) else {
        return serve.await;
    };
    let Some(journal) = exchange.engine().journal() else {
        return serve.await;
    };
    let first = poll_fn(|cx| {
        Poll::Ready(journal.perform(
            || exchange.engine().moment(),
            || serve.as_mut().poll(cx),
            |polled, moment| match polled {
                Poll::Ready(Some(outcome)) => entry(exchange, changes, &outcome.response, moment),
                Poll::Ready(None) => None,
                // It waits for a receiver of what it stored.
                Poll::Pending => Some(request_entry(exchange, moment, 0)),
            },
        ))
    });
    match first.await {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => serve.await,
    }
}

/// Performs a part of a request that counts as one of its own, and records it.
pub(crate) fn record_part(exchange: &Exchange<'_>, serve: impl FnOnce() -> Outcome) -> Outcome {
    let Some(changes) = kept_changes(exchange) else {
        return serve();
    };
    match exchange.engine().journal() {
        None => serve(),
        Some(journal) => journal.perform(
            || exchange.engine().moment(),
            serve,
            |outcome, moment| entry(exchange, changes, &outcome.response, moment),
        ),
    }
}

fn kept_changes(exchange: &Exchange<'_>) -> Option<fn(&Request, &str, &Response) -> bool> {
    let Exchange {
        registry, route, ..
    } = exchange;
    registry
        .description(route.service)
        .keeping
        .of(route.found.operation)
}

fn entry(
    exchange: &Exchange<'_>,
    changes: fn(&Request, &str, &Response) -> bool,
    response: &Response,
    moment: Moment,
) -> Option<Entry> {
    let is_change = changes(exchange.request, exchange.operation(), response);
    is_change.then(|| request_entry(exchange, moment, response.status.as_u16()))
}

fn request_entry(exchange: &Exchange<'_>, moment: Moment, status: u16) -> Entry {
    let head = Head::Request {
        moment,
        request: Kept::new(exchange.request),
        status,
    };
    Entry {
        head,
        body: exchange.request.body.clone(),
    }
}

/// The service's response as a fault changes it.
pub(crate) fn changed(
    registry: &Registry,
    mut response: Response,
    request: &Request,
    fault: Option<&FaultAction>,
) -> Response {
    match fault {
        Some(FaultAction::Headers { set, remove }) => response.set_headers(set, remove),
        Some(FaultAction::EmptyPage) => {
            // The number keeps the links of several empty pages apart.
            let number = registry.engine.guid().simple().to_string();
            empty_page(&mut response, request, &number);
        }
        _ => {}
    }
    response
}

/// Takes the items off a page, and links to the same page with them.
fn empty_page(response: &mut Response, request: &Request, number: &str) {
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&response.body) else {
        return;
    };
    if response.is_refusal() || !page.get("value").is_some_and(Value::is_array) {
        return;
    }
    let is_odata = page.contains_key("@odata.context");
    let mark = if request.target.contains('?') {
        '&'
    } else {
        '?'
    };
    let link = format!("{}{}{mark}page={number}", request.origin(), request.target);
    let next = if is_odata {
        page.remove("@odata.deltaLink");
        "@odata.nextLink"
    } else {
        "nextLink"
    };
    page.insert(next.to_owned(), link.into());
    page.insert("value".to_owned(), Value::Array(Vec::new()));
    if let Some(count) = page.get_mut("@odata.count") {
        *count = 0.into();
    }
    response.body = Value::Object(page).to_string().into();
}

/// The exchange of a request without a fault.
pub(crate) const fn plain<'a>(
    registry: &'a Arc<Registry>,
    route: &'a Route,
    request: &'a Request,
) -> Exchange<'a> {
    Exchange {
        registry,
        route,
        request,
        fault: None,
    }
}
