//! What a fault does to a response on its way to the client.

use std::{future::pending, time::Duration};

use http::header::{CONNECTION, HeaderValue};

use crate::{
    engine::{
        faults::action::{FaultAction, When},
        server::{
            control::{Control, Ending},
            payload::Payload,
        },
    },
    wire::response::{Response, Undated},
};

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

/// The response of a response, and what the fault has in store for it.
pub(crate) async fn deliver(
    fault: Option<FaultAction>,
    response: Response,
    control: &Control,
) -> http::Response<Payload> {
    let response = control.in_turn(
        response,
        matches!(fault, Some(FaultAction::DuplicateResponse)),
    );
    match fault {
        Some(FaultAction::CutBody { .. }) if response.body.is_empty() => {
            control.end(Ending::Close);
            pending().await
        }
        Some(FaultAction::CutBody { after_bytes }) => {
            let payload = Payload::cut(&response.body, after_bytes, control.clone());
            respond_with(response, payload)
        }
        Some(FaultAction::MalformedBody) => {
            let half = response.body.slice(..response.body.len() / 2);
            respond_with(response, Payload::whole(half))
        }
        Some(FaultAction::SlowBody { pieces, ms }) => {
            let payload = Payload::slow(&response.body, pieces, Duration::from_millis(ms));
            respond_with(response, payload)
        }
        Some(FaultAction::ResetAfterBytes { after_bytes }) => {
            let end = control.reset_after(after_bytes).await;
            let payload = Payload::whole(response.body.clone()).with_end(end);
            respond_with(response, payload)
        }
        Some(FaultAction::DuplicateResponse) => {
            let end = control.send_twice().await;
            let payload = Payload::whole(response.body.clone()).with_end(end);
            respond_with(response, payload)
        }
        Some(FaultAction::GoAway { .. }) => {
            let mut outgoing = respond(response);
            if control.is_http2() {
                control.leave();
            } else {
                let close = HeaderValue::from_static("close");
                outgoing.headers_mut().insert(CONNECTION, close);
            }
            outgoing
        }
        _ => respond(response),
    }
}

/// The response of a response as it is.
pub(crate) fn respond(response: Response) -> http::Response<Payload> {
    let payload = Payload::whole(response.body.clone());
    respond_with(response, payload)
}

fn respond_with(response: Response, payload: Payload) -> http::Response<Payload> {
    let mut outgoing = http::Response::new(payload);
    *outgoing.status_mut() = response.status;
    *outgoing.headers_mut() = response.headers;
    if response.is_undated {
        outgoing.extensions_mut().insert(Undated);
    }
    outgoing
}
