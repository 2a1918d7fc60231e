//! The calls of a pipeline and the clock of its service.

use std::time::{Instant, SystemTime};

use ms_messenger_core::{ClockOffset, Evidence, Result, RetryPolicy, Settled};

use crate::{Call, Pipeline, Response, clock::PATIENCE};

/// The moment at which a search for a message began.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    at: SystemTime,
    instant: Instant,
}

impl Look {
    /// Notes that a search begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            at: SystemTime::now(),
            instant: Instant::now(),
        }
    }
}

impl Pipeline {
    /// How far the service's clock is ahead, as far as responses to this pipeline showed it within
    /// the last hour. Dates that contradict each other are all within its bounds, unless a
    /// [message](Self::note_message) shows which of them is right. So are the offsets before and after
    /// the clock of this machine was set, if no response came in since then.
    pub fn service_clock(&self) -> Option<ClockOffset> {
        self.clock.read()
    }

    /// Whether the [service's clock](Self::service_clock) is known by a response since the clock of this
    /// machine was set last.
    pub fn knows_service_clock(&self) -> bool {
        self.clock.is_known()
    }

    /// Makes `call` once, whatever it comes to, if the [service's clock](Self::service_clock) is not
    /// [known](Self::knows_service_clock): before a message that another process may have to look for by that clock, because
    /// the process that sent it knew it. `call` is a read; it ends after 10 s, and at its deadline.
    pub async fn read_clock(&self, call: Call) {
        if !self.knows_service_clock() {
            let call = call.with_timeout(PATIENCE);
            let deadline = call.deadline.clone();
            let once = self.clone().with_retry_policy(RetryPolicy::never());
            let reading = self.clock.ask(async move { drop(once.call(call).await) });
            // What ends it ends the send, too, which reports it.
            let _ = deadline.limit(Box::pin(reading)).await;
        }
    }

    /// Notes that the message that `response` confirms was `created` at this time, by the clock of the
    /// store: that is the clock that messages are looked for by, and the `Date` of a response may be
    /// that of another server.
    pub fn note_message(&self, created: SystemTime, response: &Response) {
        let context = &response.context;
        self.clock
            .note_message(created, (context.began, context.began_at));
    }

    /// Returns the verdict of a complete search that did not find the message of `evidence`; `clock` is
    /// the [service's clock](Self::service_clock) by which the list was judged complete. It waits until
    /// the send can take effect no more, by the clocks, whatever they show; at most as long as that takes
    /// from the first search in this process.
    ///
    /// # Errors
    ///
    /// As [`Evidence::absence`].
    pub fn absence(
        &self,
        evidence: &Evidence,
        clock: Option<ClockOffset>,
        look: Look,
    ) -> Result<Settled> {
        // The clock of this machine may have been set back since the send: its end is then far ahead.
        let known_for = self.first_looks.known_for(evidence, look.instant);
        evidence.absence(clock, look.at, known_for)
    }
}
