//! One route of a worker.

use ms_messenger_core::{Messenger, SharedMessenger};

use crate::budget::Budget;

/// How the messages of one route are sent.
///
/// ```
/// use ms_messenger_core::MemoryMessenger;
/// use ms_messenger_outbox::{Budget, Rate, Route};
///
/// let route = Route::new(MemoryMessenger::new())
///     .with_budget(Budget::default().with_route(Some(Rate::per_second(10))))
///     .with_concurrency(4);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Route {
    pub(crate) messenger: SharedMessenger,
    pub(crate) budget: Budget,
    pub(crate) concurrency: u32,
}

impl Route {
    /// Creates a route that sends with `messenger`, at the rates that
    /// [its platform publishes](Budget::published), 8 messages at a time.
    pub fn new(messenger: impl Messenger) -> Self {
        Self::shared(std::sync::Arc::new(messenger))
    }

    /// Creates a route that sends with a shared messenger, as [`new`](Self::new).
    pub fn shared(messenger: SharedMessenger) -> Self {
        let budget = Budget::published(messenger.platform());
        Self {
            messenger,
            budget,
            concurrency: 8,
        }
    }

    /// Sets the rates, which all workers of the route keep together.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how many messages this worker sends at a time. 0 counts as 1. What became of a message is
    /// written while the next one begins.
    ///
    /// The sends of a route are one task: like any future, those of its messenger must not block the
    /// thread.
    pub fn with_concurrency(mut self, most: u32) -> Self {
        self.concurrency = most.max(1);
        self
    }
}
