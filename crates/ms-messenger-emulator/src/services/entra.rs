//! Entra ID: the token endpoints of one tenant, and the two shapes of managed identities.

pub(crate) mod admin;
pub(crate) mod authorize;
pub(crate) mod client;
pub(crate) mod device;
pub(crate) mod discovery;
pub(crate) mod error;
pub(crate) mod fault;
pub(crate) mod form;
pub(crate) mod grants;
pub(crate) mod html;
pub(crate) mod issue;
pub(crate) mod managed;
pub(crate) mod redirect;
pub(crate) mod routes;
pub(crate) mod scope;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod store;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        faults::own::OwnFault,
        keeping::{Keeping, is_accepted_change},
        outcome::Outcome,
        platform::Platform,
        resources::Engine,
        routing::Routing,
        service::Service,
    },
    services::entra::{
        error::EntraError,
        fault::EntraFault,
        routes::{Call, OPERATIONS},
        state::Entra,
    },
    wire::{path::segments, request::Request, response::Response},
};

pub(crate) const DESCRIPTION: Description = Description::new(Platform::ENTRA, &OPERATIONS)
    .with_fault_kinds(fault::kinds)
    .with_keeping(Keeping::Requests {
        except: &[],
        changes: is_kept_change,
        admin: &[
            "entra/approve",
            "entra/decline",
            "entra/revoke",
            "entra/expire",
        ],
    });

/// A poll can approve a sign-in or slow it down, and a page can make a code; other refusals change
/// nothing.
fn is_kept_change(request: &Request, operation: &str, response: &Response) -> bool {
    let says = |error: &str| String::from_utf8_lossy(&response.body).contains(error);
    match operation {
        "token" if response.is_refusal() => says("authorization_pending") || says("slow_down"),
        "authorize" => !response.is_refusal(),
        _ => is_accepted_change(request, operation, response),
    }
}

impl Platform {
    /// Entra ID, which issues the tokens of Graph and ACS. It transports no messages.
    pub const ENTRA: Self = Self::new("entra");
}

impl Service for Entra {
    type Call = Call;

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, method: &Method, target: &str) -> Routing<Call> {
        let raw = segments(target);
        routes::route(method, &raw)
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &Call) -> Outcome {
        handle(self, call, exchange.request())
    }

    fn error(&self, _: &Engine, request: &Request, status: StatusCode, message: &str) -> Response {
        status_error(self, request, status, message)
    }

    fn fault_response(&self, exchange: &Exchange<'_>, fault: &OwnFault) -> Option<Response> {
        let fault: &EntraFault = fault.downcast_ref()?;
        Some(fault.to_error().response(self, exchange.request()))
    }

    fn admin(&self, _: &Engine, path: &str, request: &Request) -> Option<Response> {
        admin::handle(self, path.strip_prefix("entra/")?, request)
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        Entra::reset(self, rest);
    }

    fn add_ready(&self, line: &mut Value, https: Option<&str>) {
        line["entra"] = self.seed.entra.to_json();
        if let Some(https) = https {
            // Identity libraries refuse an authority over plain HTTP.
            line["entra"]["authority"] = json!(https);
        }
    }
}

/// Carries out one operation. Nothing of it is a message, so nothing is counted as stored.
fn handle(service: &Entra, call: &Call, request: &Request) -> Outcome {
    let now = service.engine.now_ms();
    let done = match call {
        Call::DeviceCode { tenant } => device::begin(service, tenant, request, now),
        Call::DeviceLogin => Ok(device::login(service, request, now)),
        Call::Authorize { tenant } => Ok(authorize::handle(service, tenant, request, now)),
        Call::Token { tenant } => grants::handle(service, tenant, request, now),
        Call::OpenIdConfiguration { tenant } => discovery::configuration(service, tenant, request),
        Call::Instance => discovery::instance(request),
        Call::Keys => Ok(discovery::keys(service)),
        Call::Imds => Ok(managed::imds(service, request, now)),
        Call::AppService => Ok(managed::app_service(service, request, now)),
    };
    let response = done.unwrap_or_else(|error| error.response(service, request));
    Outcome::new(
        response.with_header("cache-control", "no-store, no-cache"),
        false,
    )
}

/// The error body of a status that a fault rule or the transport asks for.
fn status_error(service: &Entra, request: &Request, status: StatusCode, message: &str) -> Response {
    let (error, code) = match status.as_u16() {
        401 => ("invalid_client", 7_000_215),
        429 | 503 => ("temporarily_unavailable", 90_006),
        500.. => ("server_error", 90_033),
        _ => ("invalid_request", 90_014),
    };
    let mut error = EntraError::new(error, code, message);
    error.status = status;
    error.response(service, request)
}
