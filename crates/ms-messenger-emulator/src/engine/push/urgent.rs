//! Deliveries that go out before the response of the request that caused them.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};

/// So long a response waits for them at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Counts the urgent deliveries that were not attempted yet.
#[derive(Debug, Default)]
pub(crate) struct Urgent(watch::Sender<usize>);

/// One of them, until it was attempted.
#[derive(Debug)]
pub(crate) struct Urgency(watch::Sender<usize>);

impl Urgent {
    /// Counts one more, until the value is dropped.
    pub(crate) fn begin(&self) -> Urgency {
        self.0.send_modify(|count| *count += 1);
        Urgency(self.0.clone())
    }

    /// Waits until every urgent delivery was attempted once.
    pub(crate) async fn settled(&self) {
        let mut count = self.0.subscribe();
        // A receiver that never responds holds no response for ever.
        let _ = timeout(PATIENCE, count.wait_for(|count| *count == 0)).await;
    }
}

impl Drop for Urgency {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
