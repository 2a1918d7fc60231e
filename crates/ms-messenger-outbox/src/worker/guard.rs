//! A messenger that panics.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use ms_messenger_core::{Error, ErrorKind};

/// Runs a call of a messenger. A panic in it is an error that says nothing about the message: its
/// delivery is unknown, and the message is settled as any other.
///
/// What the panic left half done stays within the messenger: the call is not polled again.
pub(super) async fn caught<T>(call: impl Future<Output = T>) -> Result<T, Error> {
    let mut call = pin!(call);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_) => Poll::Ready(Err(Error::new(ErrorKind::Other, "the messenger panicked"))),
        }
    })
    .await
}
