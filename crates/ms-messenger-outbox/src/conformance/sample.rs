//! Messages to insert.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::{
    envelope::Hash,
    id::EnvelopeId,
    message::{Head, NewMessage},
    state::State,
};

/// A message to insert.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    head: Head,
    content: Bytes,
}

impl Sample {
    /// A message that is due at `due_at` and expires a day later, with a target of its own.
    pub(super) fn new(route: &str, name: &str, due_at: SystemTime) -> Self {
        let id = format!("{route} {name}");
        let hash = Hash::of(&[id.as_bytes()]);
        let head = Head {
            id: EnvelopeId::new(id),
            seq: 0,
            route: route.to_owned(),
            order_key: None,
            hash,
            twin: hash,
            lane: hash,
            enqueued_at: due_at,
            not_before: None,
            expires_at: due_at + Duration::from_secs(24 * 60 * 60),
            backoff: None,
            state: State::Queued,
            due_at,
            has_slot: false,
            owner: None,
            fence: 0,
            changed_at: due_at,
            attempts: 0,
            failures: 0,
            attempt: None,
            evidence: None,
            receipt: None,
            error: None,
            status: None,
            status_code: None,
            was_resent: false,
        };
        let content = Bytes::from(format!("the content of {name}"));
        Self { head, content }
    }

    /// Changes the head.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Head)) -> Self {
        change(&mut self.head);
        self
    }

    pub(super) fn due(self, due_at: SystemTime) -> Self {
        self.with(|head| head.due_at = due_at)
    }

    /// Its caller gave this time, before which it is not sent.
    pub(super) fn not_before(self, time: SystemTime) -> Self {
        self.with(|head| {
            head.not_before = Some(time);
            head.due_at = time.max(head.enqueued_at);
        })
    }

    /// It was enqueued at this time, and is due since.
    pub(super) fn enqueued(self, time: SystemTime) -> Self {
        self.with(|head| {
            (head.enqueued_at, head.changed_at, head.due_at) = (time, time, time);
            head.expires_at = time + Duration::from_secs(24 * 60 * 60);
        })
    }

    pub(super) fn expires(self, expires_at: SystemTime) -> Self {
        self.with(|head| head.expires_at = expires_at)
    }

    pub(super) fn ordered(self, key: &str) -> Self {
        self.with(|head| head.order_key = Some(key.to_owned()))
    }

    /// Messages of one lane have one target.
    pub(super) fn lane(self, lane: &str) -> Self {
        let hash = Hash::of(&[self.head.route.as_bytes(), lane.as_bytes()]);
        self.with(|head| head.lane = hash)
    }

    /// Other content under the same id.
    pub(super) fn other(self) -> Self {
        let hash = Hash::of(&[b"other", self.head.id.as_str().as_bytes()]);
        let mut other = self.with(|head| head.hash = hash);
        other.content = Bytes::from_static(b"other content");
        other
    }

    pub(super) fn content(mut self, content: impl Into<Bytes>) -> Self {
        self.content = content.into();
        self
    }
}

impl From<Sample> for NewMessage {
    fn from(sample: Sample) -> Self {
        let Sample { head, content } = sample;
        Self { head, content }
    }
}
