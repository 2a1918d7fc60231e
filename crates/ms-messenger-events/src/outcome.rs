//! What a receiver makes of a request.

use http::StatusCode;

use crate::{rejection::Rejection, reply::Reply};

/// What a receiver makes of a request.
///
/// ```
/// use ms_messenger_events::{Outcome, Reply, event_grid::Event};
///
/// fn respond(outcome: Outcome<Event>, keep: impl Fn(&[Event]) -> bool) -> Reply {
///     match outcome {
///         Outcome::Events(batch) if keep(batch.events()) => batch.kept(),
///         Outcome::Events(batch) => batch.not_kept(),
///         Outcome::Reply(reply) => reply,
///         Outcome::Rejected(rejected) => {
///             eprintln!("{}", rejected.reason());
///             rejected.into_reply()
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "the sender waits for a response"]
#[allow(
    clippy::exhaustive_enums,
    reason = "a new case would be a request left without a response"
)]
pub enum Outcome<T> {
    /// A handshake: this is the response.
    Reply(Reply),
    /// Authentic events. Keep them first, then respond with [`Batch::kept`].
    Events(Batch<T>),
    /// Nothing to keep.
    Rejected(Rejected),
}

impl<T> Outcome<T> {
    pub(crate) fn rejected(rejection: Rejection, reply: Reply) -> Self {
        Self::Rejected(Rejected { rejection, reply })
    }
}

/// Authentic events of one request. The response that acknowledges them comes from
/// [`kept`](Self::kept) alone.
#[derive(Clone, Debug)]
#[must_use = "the sender waits for a response"]
pub struct Batch<T> {
    events: Vec<T>,
    rejected: Vec<Rejection>,
    success: StatusCode,
}

impl<T> Batch<T> {
    pub(crate) fn new(events: Vec<T>, rejected: Vec<Rejection>, success: StatusCode) -> Self {
        Self {
            events,
            rejected,
            success,
        }
    }

    /// Returns the events, in the order of the request. None is left if all items were rejected.
    pub fn events(&self) -> &[T] {
        &self.events
    }

    /// Moves the events out, e.g. into a queue.
    pub fn take_events(&mut self) -> Vec<T> {
        std::mem::take(&mut self.events)
    }

    /// Returns why items of the request are not among the events.
    pub fn rejected(&self) -> &[Rejection] {
        &self.rejected
    }

    /// Returns the response for events that were kept, or that are known already: 200 for Event
    /// Grid, 202 for Graph. If an item that was rejected could be accepted later (see
    /// [`Rejection::is_sent_again`]), it is 503, so that the whole batch is sent again.
    pub fn kept(self) -> Reply {
        if self.rejected.iter().any(Rejection::is_sent_again) {
            return self.not_kept();
        }
        Reply::new(self.success)
    }

    /// Returns the response for events that could not be kept: 503, after which the sender sends
    /// them again.
    pub fn not_kept(self) -> Reply {
        Reply::new(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// A request that is rejected as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    rejection: Rejection,
    reply: Reply,
}

impl Rejected {
    /// Returns why.
    pub fn reason(&self) -> &Rejection {
        &self.rejection
    }

    /// Returns the response.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        self.reply
    }
}
