//! Requests that are carried out after their client got a response, or went away.

use std::{future::pending, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use crate::{
    engine::{
        carry_out::{carry_out, plain},
        faults::action::{LateResponse, LateStore},
        registry::{Registry, Route},
        server::control::{Control, Ending},
    },
    wire::{request::Request, response::Response},
};

/// Carries the request out after so many milliseconds, whatever becomes of its connection; not at
/// all when the emulator was reset meanwhile. Sends the response to the receiver, if it still waits.
pub(crate) fn begin(
    registry: &Arc<Registry>,
    route: Route,
    request: Request,
    ms: u64,
) -> oneshot::Receiver<Response> {
    let (done, received) = oneshot::channel();
    let registry = Arc::clone(registry);
    let begun = registry.engine.resets();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        if registry.engine.resets() == begun {
            let outcome = carry_out(&plain(&registry, &route, &request)).await;
            // The client may have gone away.
            let _ = done.send(outcome.response);
        }
    });
    received
}

/// The response that the client of a late request gets; ends the connection where it gets none.
pub(crate) async fn response(
    registry: &Arc<Registry>,
    control: &Control,
    route: Route,
    request: Request,
    late: LateStore,
) -> Response {
    let instead = match &late.then {
        LateResponse::Status(instead) => {
            Some(registry.fault_response(route.service, &request, instead))
        }
        _ => None,
    };
    let carried_out = begin(registry, route, request, late.ms);
    match late.then {
        LateResponse::Close => control.end(Ending::Close),
        LateResponse::Reset => control.end(Ending::Reset),
        LateResponse::Silence => {}
        LateResponse::Status(_) => {
            if let Some(response) = instead {
                return response;
            }
        }
        LateResponse::Response => match carried_out.await {
            Ok(response) => return response,
            Err(_) => control.end(Ending::Close),
        },
    }
    pending().await
}
