//! A message as a store keeps it.

use std::time::SystemTime;

use bytes::Bytes;
use ms_messenger_core::{DeliveryStatus, Evidence, MessageId, Receipt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    backoff::Backoff,
    envelope::Hash,
    id::{EnvelopeId, WorkerId},
    state::State,
    time,
};

/// A message that a store takes for the first time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewMessage {
    /// Everything but the content. Its `seq` is assigned by the store.
    pub head: Head,
    /// The request: JSON, or its sealed form.
    pub content: Bytes,
}

/// A message as a store returns it to a worker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Everything but the content.
    pub head: Head,
    /// The request: JSON, or its sealed form. `None` after it was erased.
    pub content: Option<Bytes>,
}

impl StoredMessage {
    /// Creates a message from what a store kept.
    #[must_use]
    pub fn new(head: Head, content: Option<Bytes>) -> Self {
        Self { head, content }
    }
}

/// Everything about a message but its content. JSON form: an object with the names of the fields.
///
/// A store keeps it as it is, and finds it by `id`, by what is due, and by `receipt.message_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Head {
    /// The caller's id.
    pub id: EnvelopeId,
    /// The position in the order in which messages were enqueued.
    #[serde(default)]
    pub seq: u64,
    /// The name of the route.
    pub route: String,
    /// The key of the messages that are sent one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_key: Option<String>,
    /// The hash of everything but the id: of the same message enqueued again.
    pub hash: Hash,
    /// The hash of the route and the request: of equal messages.
    pub twin: Hash,
    /// The hash of the route and the target.
    pub lane: Hash,
    /// When it was enqueued.
    #[serde(with = "time")]
    pub enqueued_at: SystemTime,
    /// The time before which no attempt begins, if its caller gave one.
    #[serde(
        default,
        with = "time::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub not_before: Option<SystemTime>,
    /// The time after which no attempt begins.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
    /// The pauses between its attempts; `None` for those of the outbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// The state.
    pub state: State,
    /// When a worker is to claim it next. It matters only while the message is queued or being sent.
    #[serde(with = "time")]
    pub due_at: SystemTime,
    /// Whether a slot in the rate of its target is reserved for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_slot: bool,
    /// The worker that has the lease on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// The fencing token: it grows with each lease. A worker with an earlier one changes nothing.
    #[serde(default)]
    pub fence: u64,
    /// When it was last changed.
    #[serde(with = "time")]
    pub changed_at: SystemTime,
    /// How many attempts were made, including the retries of the client.
    #[serde(default)]
    pub attempts: u32,
    /// How many attempts in a row failed without sending it.
    #[serde(default)]
    pub failures: u32,
    /// The last attempt, as it was on disk before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// What settling needs, if the outcome of the last attempt is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// The last error, in the JSON form of the core's `Error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// The delivery status that the platform reported after it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeliveryStatus>,
    /// Why it was not delivered: the code of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// Whether it was queued again while it was unknown whether an earlier attempt had sent it. That attempt
    /// may have sent it, whatever the state says of the later ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub was_resent: bool,
}

impl Head {
    /// Returns the id of the message that the platform stored.
    #[must_use]
    pub fn message_id(&self) -> Option<&MessageId> {
        self.receipt.as_ref()?.message_id.as_ref()
    }

    /// Returns whether later messages of the same order key wait for this one: until it is sent,
    /// refused, expired or cancelled.
    #[must_use]
    pub fn holds_order(&self) -> bool {
        self.order_key.is_some() && !self.state.is_final()
    }

    /// Gives it to a worker, under the next fencing token. For stores.
    pub fn lease_to(&mut self, worker: &WorkerId) {
        self.owner = Some(worker.clone());
        self.fence += 1;
    }

    /// Has it wait for the slot of its target, which is due at `at`. For stores.
    pub fn wait_for_slot(&mut self, at: SystemTime, now: SystemTime) {
        self.has_slot = true;
        self.due_at = time::whole_up(at);
        self.changed_at = time::whole(now);
    }

    /// Brings its times to a clock that shows `now`, if it was last changed more than a minute later,
    /// on a clock that was ahead: it is due at once, or at the time that its caller gave, a slot for which
    /// it waits is given up, and it was enqueued no later than now. Returns whether it was changed. For
    /// stores.
    ///
    /// One that a worker has is left as it is: it has other times when it is queued again or given back.
    pub fn recall(&mut self, now: SystemTime) -> bool {
        let is_open = self.state.is_pending() && self.owner.is_none();
        if !is_open || !time::was_ahead(self.changed_at, now) {
            return false;
        }
        let now = time::whole(now);
        let due_at = self.due_from(now);
        if self.due_at > due_at {
            self.due_at = due_at;
            self.has_slot = false;
        }
        self.enqueued_at = self.enqueued_at.min(now);
        self.changed_at = now;
        true
    }

    /// Takes it from its worker. For stores, when the worker is gone.
    pub fn orphan(&mut self, now: SystemTime) {
        self.owner = None;
        self.due_at = self.due_at.min(self.due_from(time::whole(now)));
    }

    /// When it is due, if it waits for nothing but `time` and the time that its caller gave.
    fn due_from(&self, time: SystemTime) -> SystemTime {
        // Earlier versions stored no such time: a message that no worker ever had waits for it.
        let is_untouched = self.fence == 0 && self.failures == 0 && !self.has_slot;
        let given = Some(self.due_at).filter(|it| is_untouched && *it > self.changed_at);
        let given = self.not_before.or(given);
        match self.state {
            State::Queued => given.map_or(time, |it| it.max(time)),
            _ => time,
        }
    }

    /// A time at which it may be sent: `time`, or the one that its caller gave, if that is later.
    pub(crate) fn no_earlier(&self, time: SystemTime) -> SystemTime {
        self.not_before.map_or(time, |it| it.max(time))
    }
}

/// An attempt, as it is on disk before the message leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attempt {
    /// What is known before the message leaves: when the attempt began, its idempotency key, its
    /// mark.
    pub evidence: Evidence,
    /// The latest time at which the worker ends the attempt, by its own clock.
    #[serde(with = "time")]
    pub ends_by: SystemTime,
    /// The latest time at which its message can appear, by the same clock.
    #[serde(with = "time")]
    pub pending_until: SystemTime,
}

impl Attempt {
    /// Creates an attempt.
    #[must_use]
    pub fn new(evidence: Evidence, ends_by: SystemTime, pending_until: SystemTime) -> Self {
        Self {
            evidence,
            ends_by,
            pending_until,
        }
    }
}
