//! Runs a service, and applies the faults before and after it.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    engine::{
        exchange::Exchange,
        faults::action::FaultAction,
        outcome::Outcome,
        registry::{Registry, Route},
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
    let outcome = service.serve(exchange, &route.found.call).await;
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
