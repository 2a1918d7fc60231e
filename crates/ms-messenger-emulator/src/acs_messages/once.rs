//! Execution of repeatable requests, and of those that are not repeatable.

use std::sync::Arc;

use http::StatusCode;

use crate::acs_error::AcsError;
use crate::acs_messages::repeatability::{self, Found, Repeatable};
use crate::acs_messages::{Request, repeatability::Key};
use crate::answer::Answer;
use crate::shared::{Outcome, Shared, State};

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
    request: &Request<'_>,
    perform: impl FnOnce(&mut State, Option<&Repeatable>) -> (Answer, Option<u64>),
) -> Outcome {
    let (shared, now) = (request.shared, request.now);
    let read = repeatability::read(request.inbound, &request.caller.credential, now);
    let repeatable = match read {
        Ok(repeatable) => repeatable,
        Err(problem) => return rejected(problem),
    };
    let mut state = shared.state();
    let Some(repeatable) = repeatable else {
        let (answer, row) = perform(&mut state, None);
        return Outcome::new(answer, row.is_some());
    };
    match state.acs_messages.repeatability.begin(&repeatable, now) {
        Found::New => {
            let (answer, row) = perform(&mut state, Some(&repeatable));
            let answer = with_result(answer, "accepted");
            let memory = &mut state.acs_messages.repeatability;
            memory.record(&repeatable.key, &answer, row);
            let hold = Hold {
                shared: Arc::clone(shared),
                key: repeatable.key,
            };
            Outcome {
                hold: Some(hold),
                ..Outcome::new(answer, row.is_some())
            }
        }
        Found::Replay(answer, row) => {
            if let Some(row) = row {
                state.ledger.raise_replays(row);
            }
            Outcome::new(answer, false)
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
    Outcome::new(with_result(problem.into_answer(), "rejected"), false)
}

fn with_result(answer: Answer, result: &str) -> Answer {
    answer.with_header("repeatability-result", result)
}
