//! What a fault does to an answer on its way to the client.

use std::future::pending;
use std::time::Duration;

use http::Response;
use http::header::{CONNECTION, HeaderValue};

use crate::answer::{Answer, Undated};
use crate::faults::{FaultAction, When};
use crate::server::{Control, Ending, Payload};

/// Ends the connection if the fault says so for this moment; then never returns.
pub(crate) async fn end_when(fault: Option<&FaultAction>, now: When, control: &Control) {
    match fault {
        Some(FaultAction::Close { when }) if *when == now => control.end(Ending::Close),
        Some(FaultAction::Reset { when }) if *when == now => control.end(Ending::Reset),
        Some(FaultAction::GoAway { when }) if *when == now && now != When::AfterStore => {
            control.refuse();
        }
        _ => return,
    }
    pending::<()>().await;
}

/// The response of an answer, and what the fault has in store for it.
pub(crate) async fn deliver(
    fault: Option<FaultAction>,
    answer: Answer,
    control: &Control,
) -> Response<Payload> {
    let answer = control.in_turn(answer, matches!(fault, Some(FaultAction::DuplicateAnswer)));
    match fault {
        Some(FaultAction::CutBody { .. }) if answer.body.is_empty() => {
            control.end(Ending::Close);
            pending().await
        }
        Some(FaultAction::CutBody { after_bytes }) => {
            let payload = Payload::cut(&answer.body, after_bytes, control.clone());
            respond_with(answer, payload)
        }
        Some(FaultAction::MalformedBody) => {
            let half = answer.body.slice(..answer.body.len() / 2);
            respond_with(answer, Payload::whole(half))
        }
        Some(FaultAction::SlowBody { pieces, ms }) => {
            let payload = Payload::slow(&answer.body, pieces, Duration::from_millis(ms));
            respond_with(answer, payload)
        }
        Some(FaultAction::ResetAfterBytes { after_bytes }) => {
            let end = control.reset_after(after_bytes).await;
            let payload = Payload::whole(answer.body.clone()).with_end(end);
            respond_with(answer, payload)
        }
        Some(FaultAction::DuplicateAnswer) => {
            let end = control.send_twice().await;
            let payload = Payload::whole(answer.body.clone()).with_end(end);
            respond_with(answer, payload)
        }
        Some(FaultAction::GoAway { .. }) => {
            let mut response = respond(answer);
            if control.is_http2() {
                control.leave();
            } else {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            response
        }
        _ => respond(answer),
    }
}

/// The response of an answer as it is.
pub(crate) fn respond(answer: Answer) -> Response<Payload> {
    let payload = Payload::whole(answer.body.clone());
    respond_with(answer, payload)
}

fn respond_with(answer: Answer, payload: Payload) -> Response<Payload> {
    let mut response = Response::new(payload);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    if answer.is_undated {
        response.extensions_mut().insert(Undated);
    }
    response
}
