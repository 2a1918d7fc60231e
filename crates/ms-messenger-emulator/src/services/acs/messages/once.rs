//! Execution of repeatable requests, and of those that are not repeatable.

use std::sync::Arc;

use http::StatusCode;

use crate::engine::resources::{Outcome, Shared, State};
use crate::services::acs::error::AcsError;
use crate::services::acs::messages::repeatability::{self, Found, Repeatable};
use crate::services::acs::messages::{Context, repeatability::Key};
use crate::wire::response::Response;

/// Keeps a repeatable request running until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    shared: Arc<Shared>,
    key: Key,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.acs_messages.repeatability.finish(&self.key);
    }
}

/// Runs `perform` once per repeatable request; a repetition gets the earlier answer.
///
/// `perform` answers with the number of the ledger row when it stored a message.
pub(crate) fn run(
    context: &Context<'_>,
    perform: impl FnOnce(&mut State, Option<&Repeatable>) -> (Response, Option<u64>),
) -> Outcome {
    let (shared, now) = (context.shared, context.now);
    let read = repeatability::read(context.request, &context.caller.credential, now);
    let repeatable = match read {
        Ok(repeatable) => repeatable,
        Err(problem) => return rejected(problem),
    };
    let mut state = shared.state();
    let Some(repeatable) = repeatable else {
        let (response, row) = perform(&mut state, None);
        return Outcome::new(response, row.is_some());
    };
    match state.acs_messages.repeatability.begin(&repeatable, now) {
        Found::New => {
            let (response, row) = perform(&mut state, Some(&repeatable));
            let response = with_result(response, "accepted");
            let memory = &mut state.acs_messages.repeatability;
            memory.record(&repeatable.key, &response, row);
            let hold = Hold {
                shared: Arc::clone(shared),
                key: repeatable.key,
            };
            Outcome {
                hold: Some(hold),
                ..Outcome::new(response, row.is_some())
            }
        }
        Found::Replay(response, row) => {
            if let Some(row) = row {
                state.ledger.raise_replays(row);
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
