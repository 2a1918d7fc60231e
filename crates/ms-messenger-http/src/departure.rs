//! The last check of a message with a journal: on the connection that is ready to take it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use ms_messenger_core::{Delivery, Error, ErrorKind, Journal, Result};

/// The message of one attempt: whether it has left. The attempt and the connection, which run on
/// different threads, agree on it.
#[derive(Clone, Debug)]
pub(crate) struct Departure(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Journal,
    stage: AtomicU8,
}

/// The connection has not taken the message yet.
const WAITING: u8 = 0;
/// The connection has taken it.
const LEFT: u8 = 1;
/// The attempt ended before the connection took it, which it never will.
const HELD: u8 = 2;
/// The journal held it back when the connection was ready.
const REFUSED: u8 = 3;

impl Departure {
    pub(crate) fn new(journal: Journal) -> Self {
        Self(Arc::new(Shared {
            journal,
            stage: AtomicU8::new(WAITING),
        }))
    }

    /// Holds the message back, unless it has left. Returns whether it has not: it never will.
    pub(crate) fn hold(&self) -> bool {
        self.stop() != LEFT
    }

    /// Corrects what the attempt came to, where the message has not left.
    pub(crate) fn correct<T>(&self, outcome: Result<T>) -> Result<T> {
        match (self.stop(), outcome) {
            (LEFT, outcome) => outcome,
            (REFUSED, outcome) => {
                let error = Journal::held_back();
                Err(match outcome.err() {
                    Some(cause) => error.with_source(cause),
                    None => error,
                })
            }
            (_, Err(error)) => Err(error.with_delivery(Delivery::NotSent)),
            (_, Ok(_)) => {
                let message = "the server responded before the message left";
                let error = Error::new(ErrorKind::Transport, message);
                Err(error.with_delivery(Delivery::NotSent))
            }
        }
    }

    /// The body of the message, which asks the journal when the connection takes it.
    pub(crate) fn body(&self, bytes: Bytes) -> GuardedBody {
        GuardedBody {
            departure: self.clone(),
            bytes: Some(bytes),
        }
    }

    /// Asks the journal, and lets the message leave.
    fn leave(&self) -> bool {
        if self.0.journal.may_leave() {
            self.move_to(LEFT).is_ok()
        } else {
            let _ = self.move_to(REFUSED);
            false
        }
    }

    /// Lets a message that waits leave no more. Returns the last stage of the message.
    fn stop(&self) -> u8 {
        self.move_to(HELD).err().unwrap_or(HELD)
    }

    /// The error is the stage that was reached before.
    fn move_to(&self, stage: u8) -> Result<u8, u8> {
        let (set, failed) = (Ordering::AcqRel, Ordering::Acquire);
        self.0.stage.compare_exchange(WAITING, stage, set, failed)
    }
}

/// The body of a message with a journal. Its length is known in advance, so that the bytes of the
/// request are those of one without a journal.
///
/// With HTTP/1.1 it is asked for while the head is still in memory: nothing leaves without it. With
/// HTTP/2 the head may have left, but the stream has no end, so that there is no request to
/// execute.
pub(crate) struct GuardedBody {
    departure: Departure,
    bytes: Option<Bytes>,
}

impl Body for GuardedBody {
    type Data = Bytes;
    /// The stream of HTTP/2 is reset for this reason.
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(bytes) = self.bytes.take() else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(if self.departure.leave() {
            Ok(Frame::data(bytes))
        } else {
            Err(h2::Reason::CANCEL.into())
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.bytes.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(u64::try_from(left).unwrap_or(u64::MAX))
    }
}
