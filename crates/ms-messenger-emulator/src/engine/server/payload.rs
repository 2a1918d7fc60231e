//! The body of a response: whole, or what a fault makes of it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::{
    sync::mpsc,
    time::{Sleep, sleep},
};

use crate::engine::server::control::{Control, Ending, ResponseEnd};

/// The body of a response.
#[derive(Debug)]
pub(crate) struct Payload {
    kind: Kind,
    /// Dropped with the body, once the connection has all of it.
    _end: Option<ResponseEnd>,
}

#[derive(Debug)]
enum Kind {
    Whole(Option<Bytes>),
    Cut {
        first: Option<Bytes>,
        announced: u64,
        control: Control,
    },
    Slow {
        pieces: VecDeque<Bytes>,
        left: u64,
        pause: Duration,
        /// Runs before each piece but the first.
        waiting: Option<Pin<Box<Sleep>>>,
    },
    Stream(mpsc::Receiver<Bytes>),
}

impl From<Kind> for Payload {
    fn from(kind: Kind) -> Self {
        Self { kind, _end: None }
    }
}

impl Payload {
    pub(crate) fn whole(body: Bytes) -> Self {
        Kind::Whole(Some(body).filter(|body| !body.is_empty())).into()
    }

    /// `body` up to `after_bytes`, at least one byte of it withheld.
    pub(crate) fn cut(body: &Bytes, after_bytes: u64, control: Control) -> Self {
        let most = body.len().saturating_sub(1);
        let sent = usize::try_from(after_bytes).unwrap_or(usize::MAX).min(most);
        Kind::Cut {
            first: Some(body.slice(..sent)).filter(|first| !first.is_empty()),
            announced: body.len() as u64,
            control,
        }
        .into()
    }

    /// `body` in so many pieces of equal size, as far as that goes, with pauses between them.
    pub(crate) fn slow(body: &Bytes, pieces: u64, pause: Duration) -> Self {
        let length = body.len();
        let count = usize::try_from(pieces).unwrap_or(usize::MAX);
        let count = count.clamp(1, length.max(1));
        let at = |n: usize| length / count * n + (length % count).min(n);
        let pieces = (0..count).map(|n| body.slice(at(n)..at(n + 1)));
        Kind::Slow {
            pieces: pieces.filter(|piece| !piece.is_empty()).collect(),
            left: length as u64,
            pause,
            waiting: None,
        }
        .into()
    }

    /// The pieces that arrive on a channel, until its senders are gone.
    pub(crate) fn stream(pieces: mpsc::Receiver<Bytes>) -> Self {
        Kind::Stream(pieces).into()
    }

    /// The body, if it is sent whole.
    pub(crate) fn as_whole(&self) -> Option<Bytes> {
        match &self.kind {
            Kind::Whole(body) => Some(body.clone().unwrap_or_default()),
            _ => None,
        }
    }

    /// Lets the end of the body be known.
    pub(crate) fn with_end(mut self, end: Option<ResponseEnd>) -> Self {
        self._end = end;
        self
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.kind {
            Kind::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Kind::Cut { first, control, .. } => match first.take() {
                Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
                None => {
                    // Pending lets the connection flush what it has before the control ends it.
                    control.end(Ending::Close);
                    Poll::Pending
                }
            },
            Kind::Slow {
                pieces,
                left,
                pause,
                waiting,
            } => {
                if let Some(waiting) = waiting {
                    ready!(waiting.as_mut().poll(cx));
                }
                let piece = pieces.pop_front();
                *left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                *waiting = (!pieces.is_empty()).then(|| Box::pin(sleep(*pause)));
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
            Kind::Stream(pieces) => {
                let piece = ready!(pieces.poll_recv(cx));
                Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Whole(body) => body.is_none(),
            Kind::Cut { .. } | Kind::Stream(_) => false,
            Kind::Slow { pieces, .. } => pieces.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.kind {
            Kind::Whole(body) => body.as_ref().map_or(0, |body| body.len() as u64),
            Kind::Cut { announced, .. } => *announced,
            Kind::Slow { left, .. } => *left,
            Kind::Stream(_) => return SizeHint::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_pieces_are_the_body_in_equal_parts() {
        let lengths = |body: &'static str, pieces| {
            let body = Bytes::from_static(body.as_bytes());
            let Kind::Slow { pieces, .. } = Payload::slow(&body, pieces, Duration::ZERO).kind
            else {
                panic!("not slow");
            };
            assert_eq!(pieces.iter().flatten().copied().collect::<Bytes>(), body);
            pieces.iter().map(Bytes::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths("0123456789", 4), [3, 3, 2, 2]);
        assert_eq!(lengths("0123456789", 1), [10]);
        assert_eq!(lengths("012", u64::MAX), [1, 1, 1]);
        assert_eq!(lengths("", 3), [0; 0]);
    }
}
