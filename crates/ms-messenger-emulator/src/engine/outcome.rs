//! The result of a request.

use std::any::Any;

use crate::{engine::faults::action::FaultAction, wire::response::Response};

/// The result of a request: its response, and whether a message was stored.
///
/// ```
/// use ms_messenger_emulator::service::{Outcome, Response, StatusCode};
///
/// let stored = Outcome::new(Response::empty(StatusCode::CREATED), true);
/// ```
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    pub(crate) response: Response,
    /// Whether a message was stored.
    pub(crate) is_stored: bool,
    /// Dropped when the response goes out; a repeated request meanwhile finds it still running.
    pub(crate) hold: Option<Box<dyn Hold>>,
    /// What a part of a batch wants done to the response of the whole.
    pub(crate) fault: Option<FaultAction>,
}

/// Something that ends when the response goes out.
pub(crate) trait Hold: Any + std::fmt::Debug + Send {}

impl<T: Any + std::fmt::Debug + Send> Hold for T {}

impl Outcome {
    /// Creates the outcome of a request that stored a message (`is_stored`), or none.
    pub fn new(response: Response, is_stored: bool) -> Self {
        Self {
            response,
            is_stored,
            hold: None,
            fault: None,
        }
    }
}
