//! Requests that are carried out after their client got a response, or went away.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::{carry_out, fault_answer};
use crate::answer::Answer;
use crate::faults::{LateResponse, LateStore};
use crate::inbound::Inbound;
use crate::router::Route;
use crate::server::{Control, Ending};
use crate::shared::Shared;

/// Carries the request out after so many milliseconds, whatever becomes of its connection; not at
/// all when the world was reset meanwhile. Gives the answer, for whoever still wants it.
pub(crate) fn begin(
    shared: &Arc<Shared>,
    route: Route,
    inbound: Inbound,
    ms: u64,
) -> oneshot::Receiver<Answer> {
    let (done, answered) = oneshot::channel();
    let shared = Arc::clone(shared);
    let begun = shared.resets();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        if shared.resets() == begun {
            let outcome = carry_out(&shared, &route, &inbound, None).await;
            // The client may have gone away.
            let _ = done.send(outcome.answer);
        }
    });
    answered
}

/// The answer that the client of a late request gets; ends the connection where it gets none.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    control: &Control,
    route: Route,
    inbound: Inbound,
    late: LateStore,
) -> Answer {
    let instead = match &late.then {
        LateResponse::Status(instead) => {
            Some(fault_answer(shared, route.platform, &inbound, instead))
        }
        _ => None,
    };
    let answered = begin(shared, route, inbound, late.ms);
    match late.then {
        LateResponse::Close => control.end(Ending::Close),
        LateResponse::Reset => control.end(Ending::Reset),
        LateResponse::Silence => {}
        LateResponse::Status(_) => {
            if let Some(answer) = instead {
                return answer;
            }
        }
        LateResponse::Answer => match answered.await {
            Ok(answer) => return answer,
            Err(_) => control.end(Ending::Close),
        },
    }
    pending().await
}
