//! Entra ID: the token endpoints of one tenant, and the two shapes of managed identities.

pub(crate) mod admin;
mod authorize;
mod client;
mod device;
mod discovery;
mod error;
mod fault;
mod form;
mod grants;
mod html;
mod issue;
mod managed;
mod redirect;
mod routes;
mod scope;
mod settings;
mod store;

use http::StatusCode;

use crate::engine::resources::{Outcome, Shared};
use crate::wire::request::Request;
use crate::wire::response::Response;

pub use fault::EntraFault;
pub(crate) use routes::{Call, OPERATIONS, route};
pub use settings::EntraApprover;
pub(crate) use settings::EntraSettings;
pub(crate) use store::Store;

use error::EntraError;

/// Carries out one operation. Nothing of it is a message, so nothing is counted as stored.
pub(crate) fn handle(shared: &Shared, call: &Call, request: &Request) -> Outcome {
    let now = shared.now_ms();
    let done = match call {
        Call::DeviceCode { tenant } => device::begin(shared, tenant, request, now),
        Call::DeviceLogin => Ok(device::login(shared, request, now)),
        Call::Authorize { tenant } => Ok(authorize::handle(shared, tenant, request, now)),
        Call::Token { tenant } => grants::handle(shared, tenant, request, now),
        Call::OpenIdConfiguration { tenant } => discovery::configuration(shared, tenant, request),
        Call::Instance => discovery::instance(request),
        Call::Keys => Ok(discovery::keys(shared)),
        Call::Imds => Ok(managed::imds(shared, request, now)),
        Call::AppService => Ok(managed::app_service(shared, request, now)),
    };
    let response = done.unwrap_or_else(|error| error.response(shared, request));
    Outcome::new(
        response.with_header("cache-control", "no-store, no-cache"),
        false,
    )
}

/// The error body of a status that a fault rule or the transport asks for.
pub(crate) fn status_error(
    shared: &Shared,
    request: &Request,
    status: StatusCode,
    message: &str,
) -> Response {
    let (error, code) = match status.as_u16() {
        401 => ("invalid_client", 7_000_215),
        429 | 503 => ("temporarily_unavailable", 90_006),
        500.. => ("server_error", 90_033),
        _ => ("invalid_request", 90_014),
    };
    let mut error = EntraError::new(error, code, message);
    error.status = status;
    error.response(shared, request)
}

/// The answer of a fault of Entra's own.
pub(crate) fn fault_response(shared: &Shared, request: &Request, fault: &EntraFault) -> Response {
    fault.to_error().response(shared, request)
}
