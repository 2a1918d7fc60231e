//! The streams of a session, and its policy for invitations.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    accept_policy::AcceptPolicy,
    raw_event::RawEvent,
    stream_queue::{Inlet, Outlet, queue},
};

/// The streams that receive what other participants do.
#[derive(Debug, Default)]
pub(crate) struct Receivers(Mutex<Receiving>);

#[derive(Debug, Default)]
struct Receiving {
    policy: Option<AcceptPolicy>,
    /// Whether the user was made available, and is kept available.
    is_available: bool,
    queues: Vec<Inlet>,
}

impl Receivers {
    fn lock(&self) -> MutexGuard<'_, Receiving> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to open a stream.
    pub(crate) fn open(&self, policy: AcceptPolicy) -> Opening<'_> {
        let (inlet, outlet) = queue();
        let mut receiving = self.lock();
        receiving.queues.push(inlet);
        let before = receiving.policy.replace(policy);
        Opening {
            receivers: self,
            outlet: Some(outlet),
            before,
        }
    }

    /// Whether the user was made available, and is kept available.
    pub(crate) fn is_available(&self) -> bool {
        self.lock().is_available
    }

    /// The policy of the last stream; `None` before the first.
    pub(crate) fn policy(&self) -> Option<AcceptPolicy> {
        self.lock().policy.clone()
    }

    /// Hands an event to all streams. Never waits.
    pub(crate) fn notify_streams(&self, event: &RawEvent) {
        let mut receiving = self.lock();
        receiving.queues.retain(|queue| queue.send(event.clone()));
    }

    /// Ends all streams.
    pub(crate) fn close(&self) {
        self.lock().queues.clear();
    }
}

/// A stream that is being opened. If that fails or is dropped, nothing is left of it.
pub(crate) struct Opening<'a> {
    receivers: &'a Receivers,
    outlet: Option<Outlet>,
    before: Option<AcceptPolicy>,
}

impl Opening<'_> {
    /// Ends the opening once the user is available.
    pub(crate) fn done(mut self) -> Option<Outlet> {
        self.receivers.lock().is_available = true;
        self.outlet.take()
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if let Some(outlet) = &self.outlet {
            let mut receiving = self.receivers.lock();
            receiving.queues.retain(|inlet| !inlet.leads_to(outlet));
            receiving.policy = self.before.take();
        }
    }
}
