//! Requests that are carried out after their client got a response, or went away.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{carry_out, fault_response};
use crate::engine::faults::{LateResponse, LateStore};
use crate::engine::registry::Route;
use crate::engine::resources::Shared;
use crate::engine::server::{Control, Ending};
use crate::wire::request::Request;
use crate::wire::response::Response;

/// Carries the request out after so many milliseconds, whatever becomes of its connection; not at
/// all when the world was reset meanwhile. Gives the answer, for whoever still wants it.
pub(crate) fn begin(
    shared: &Arc<Shared>,
    route: Route,
    request: Request,
    ms: u64,
) -> oneshot::Receiver<Response> {
    let (done, answered) = oneshot::channel();
    let shared = Arc::clone(shared);
    let begun = shared.resets();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        if shared.resets() == begun {
            let outcome = carry_out(&shared, &route, &request, None).await;
            // The client may have gone away.
            let _ = done.send(outcome.response);
        }
    });
    answered
}

/// The answer that the client of a late request gets; ends the connection where it gets none.
pub(super) async fn response(
    shared: &Arc<Shared>,
    control: &Control,
    route: Route,
    request: Request,
    late: LateStore,
) -> Response {
    let instead = match &late.then {
        LateResponse::Status(instead) => {
            Some(fault_response(shared, route.platform, &request, instead))
        }
        _ => None,
    };
    let answered = begin(shared, route, request, late.ms);
    match late.then {
        LateResponse::Close => control.end(Ending::Close),
        LateResponse::Reset => control.end(Ending::Reset),
        LateResponse::Silence => {}
        LateResponse::Status(_) => {
            if let Some(response) = instead {
                return response;
            }
        }
        LateResponse::Response => match answered.await {
            Ok(response) => return response,
            Err(_) => control.end(Ending::Close),
        },
    }
    pending().await
}
