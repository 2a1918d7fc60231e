//! The messages of a route that are being sent or settled.

use std::{
    future::{Future, poll_fn},
    panic::AssertUnwindSafe,
    pin::Pin,
    task::Poll,
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};

/// The messages of a route that are being sent or settled, within the task of its loop: what a commit
/// sets going goes on without waking a task, and often a thread, for each message.
#[derive(Default)]
pub(super) struct Crew {
    running: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Crew {
    /// Adds a delivery. One that panics ends alone.
    pub(super) fn add(&mut self, delivery: impl Future<Output = ()> + Send + 'static) {
        let alone = AssertUnwindSafe(delivery).catch_unwind().map(drop);
        self.running.push(Box::pin(alone));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits until at least one delivery has ended; for ever if there is none.
    pub(super) async fn some_ended(&mut self) {
        let mut has_ended = false;
        poll_fn(|context| {
            loop {
                match self.running.poll_next_unpin(context) {
                    Poll::Ready(Some(())) => has_ended = true,
                    _ if has_ended => return Poll::Ready(()),
                    _ => return Poll::Pending,
                }
            }
        })
        .await;
    }

    /// Waits until all deliveries have ended.
    pub(super) async fn all_ended(&mut self) {
        while self.running.next().await.is_some() {}
    }

    /// Waits for something else, while the deliveries go on.
    pub(super) async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        loop {
            tokio::select! {
                outcome = &mut other => return outcome,
                () = self.some_ended() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn deliveries_go_on_beside_something_else_and_one_that_panics_ends_alone() {
        let mut crew = Crew::default();
        let (first, second) = (oneshot::channel::<()>(), oneshot::channel());
        crew.add(async { panic!("a defect of an observer") });
        crew.add(async move {
            first.1.await.unwrap();
            second.0.send("went on").unwrap();
        });
        crew.some_ended().await;
        assert!(!crew.is_empty());
        first.0.send(()).unwrap();
        assert_eq!(crew.beside(second.1).await, Ok("went on"));
        crew.all_ended().await;
        assert!(crew.is_empty());
    }
}
