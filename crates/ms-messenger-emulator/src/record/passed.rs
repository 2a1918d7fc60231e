//! A body that is passed on: what was read of it, and the rest as it comes.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// A body that is passed on.
#[derive(Debug)]
pub(crate) struct Passed {
    first: Option<Bytes>,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Nothing,
    Comes(Box<Incoming>),
    /// The service broke off; whether the client has got what came before.
    Broken {
        is_flushed: bool,
    },
}

impl Passed {
    /// A body that was read to its end.
    pub(crate) fn whole(body: Bytes) -> Self {
        Self {
            first: Some(body).filter(|body| !body.is_empty()),
            rest: Rest::Nothing,
        }
    }

    /// The part that was read before the service broke off.
    pub(crate) const fn broken(first: Bytes) -> Self {
        Self {
            first: Some(first),
            rest: Rest::Broken { is_flushed: false },
        }
    }

    /// The part that was read, and what follows.
    pub(crate) fn started(first: Bytes, rest: Incoming) -> Self {
        Self {
            first: Some(first),
            rest: Rest::Comes(Box::new(rest)),
        }
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match &mut self.rest {
            Rest::Comes(rest) => Pin::new(&mut **rest)
                .poll_frame(context)
                .map_err(io::Error::other),
            Rest::Nothing => Poll::Ready(None),
            Rest::Broken { is_flushed } if !*is_flushed => {
                // The head and the first part would be lost with an error that comes at once.
                *is_flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Rest::Broken { .. } => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_rest_over = match &self.rest {
            Rest::Nothing => true,
            Rest::Comes(rest) => rest.is_end_stream(),
            Rest::Broken { .. } => false,
        };
        self.first.is_none() && is_rest_over
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().map_or(0, Bytes::len) as u64;
        match &self.rest {
            Rest::Nothing => SizeHint::with_exact(first),
            Rest::Comes(rest) => rest
                .size_hint()
                .exact()
                .map_or_else(SizeHint::default, |rest| SizeHint::with_exact(first + rest)),
            Rest::Broken { .. } => SizeHint::default(),
        }
    }
}
