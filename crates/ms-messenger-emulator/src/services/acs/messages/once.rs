//! Execution of repeatable requests, and of those that are not repeatable.

use std::sync::Arc;

use http::StatusCode;

use crate::{
    engine::outcome::Outcome,
    services::acs::{
        error::AcsError,
        family::Acs,
        messages::{
            context::Context,
            repeatability::{self, Found, Key, Repeatable},
            store::Store,
        },
    },
    wire::response::Response,
};

/// Keeps a repeatable request running until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    service: Arc<Acs>,
    key: Key,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut store = self.service.messages();
        store.repeatability.finish(&self.key);
    }
}

/// Runs `perform` once per repeatable request; a repeated request gets the earlier response.
///
/// `perform` returns the number of the ledger row when it stored a message.
pub(crate) fn run(
    context: &Context<'_>,
    perform: impl FnOnce(&mut Store, Option<&Repeatable>) -> (Response, Option<u64>),
) -> Outcome {
    let (service, now) = (context.service, context.now);
    let read = repeatability::read(context.request, &context.caller.credential, now);
    let repeatable = match read {
        Ok(repeatable) => repeatable,
        Err(problem) => return rejected(problem),
    };
    let mut store = service.messages();
    let Some(repeatable) = repeatable else {
        let (response, row) = perform(&mut store, None);
        return Outcome::new(response, row.is_some());
    };
    match store.repeatability.begin(&repeatable, now) {
        Found::New => {
            let (response, row) = perform(&mut store, Some(&repeatable));
            let response = with_result(response, "accepted");
            let memory = &mut store.repeatability;
            memory.record(&repeatable.key, &response, row);
            let hold = Hold {
                service: Arc::clone(service),
                key: repeatable.key,
            };
            Outcome {
                hold: Some(Box::new(hold)),
                ..Outcome::new(response, row.is_some())
            }
        }
        Found::Replay(response, row) => {
            if let Some(row) = row {
                service.engine.add_replay(row);
            }
            Outcome::new(response, false)
        }
        Found::Running => {
            let message = "The request with this Repeatability-Request-ID is still running.";
            rejected(AcsError::of_status(StatusCode::CONFLICT, message))
        }
        Found::Differs => {
            let message = "Repeatability-Request-ID was used for a different request.";
            rejected(AcsError::bad_request(message))
        }
    }
}

fn rejected(problem: AcsError) -> Outcome {
    Outcome::new(with_result(problem.into_response(), "rejected"), false)
}

fn with_result(response: Response, result: &str) -> Response {
    response.with_header("repeatability-result", result)
}
