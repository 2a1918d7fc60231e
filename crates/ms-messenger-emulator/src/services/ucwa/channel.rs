//! The event channel of one application: a counter, a queue, and at most one held request.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::services::ucwa::event::{Event, Sender};

/// Default and least time that an idle request is held, seconds.
const HOLD: u64 = 180;
const LONGEST_HOLD: u64 = 1800;
const MEDIUM_DELAY: u64 = 5;

#[derive(Debug)]
struct Queued {
    sender: Sender,
    event: Event,
    /// Not to be sent before, unless something more urgent goes out.
    not_before: Option<Instant>,
}

#[derive(Debug)]
struct Held {
    pget: u64,
    priority: i64,
}

/// What a request for events meets on arrival.
#[derive(Debug, PartialEq)]
pub(super) enum Arrival {
    /// It is held now, under this number.
    Held,
    /// The last response again.
    Again(Value),
    /// It must start again at this counter.
    Resync(u64),
    /// Another one with a higher priority is held.
    Replaced,
}

/// The result of a check for a held request.
#[derive(Debug)]
pub(super) enum Look {
    /// Events may go out now.
    Ready,
    /// Nothing to send; perhaps at this time.
    Wait(Option<Instant>),
    /// Another request took its place.
    Replaced,
}

/// Queue, counter and held request of one application.
#[derive(Debug)]
pub(super) struct Channel {
    /// The counter that the next request must have.
    current: u64,
    queue: VecDeque<Queued>,
    /// The response that is not acknowledged yet.
    last: Option<Value>,
    held: Option<Held>,
    hold: u64,
    medium_delay: u64,
    pub(super) changed: watch::Sender<u64>,
    pub(super) in_flight: u64,
    pub(super) max_at_once: u64,
    /// When the last request got its response, or the channel was made.
    pub(super) last_released: Instant,
}

impl Channel {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            current: 1,
            queue: VecDeque::new(),
            last: None,
            held: None,
            hold: HOLD,
            medium_delay: MEDIUM_DELAY,
            changed: watch::Sender::new(0),
            in_flight: 0,
            max_at_once: 0,
            last_released: now,
        }
    }

    /// Takes over the parameters that the client added to an href.
    pub(super) fn configure(&mut self, timeout: Option<u64>, medium: Option<u64>) {
        if let Some(timeout) = timeout {
            self.hold = timeout.clamp(HOLD, LONGEST_HOLD);
        }
        if let Some(medium) = medium {
            self.medium_delay = medium.clamp(MEDIUM_DELAY, LONGEST_HOLD);
        }
    }

    /// Seconds that an idle request is held.
    pub(super) const fn hold(&self) -> u64 {
        self.hold
    }

    /// Seconds that an event of medium priority may be held back.
    pub(super) const fn medium_delay(&self) -> u64 {
        self.medium_delay
    }

    pub(super) const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) const fn current(&self) -> u64 {
        self.current
    }

    pub(super) fn push(&mut self, sender: Sender, event: Event, not_before: Option<Instant>) {
        self.queue.push_back(Queued {
            sender,
            event,
            not_before,
        });
        self.wake();
    }

    pub(super) fn wake(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub(super) fn arrive(&mut self, ack: u64, priority: i64, pget: u64) -> Arrival {
        if ack == self.current {
            if self.held.as_ref().is_some_and(|h| h.priority > priority) {
                return Arrival::Replaced;
            }
            self.held = Some(Held { pget, priority });
            self.wake();
            return Arrival::Held;
        }
        match &self.last {
            Some(last) if ack + 1 == self.current => Arrival::Again(last.clone()),
            _ => Arrival::Resync(self.current),
        }
    }

    pub(super) fn look(&self, pget: u64, now: Instant) -> Look {
        if self.held.as_ref().is_none_or(|held| held.pget != pget) {
            return Look::Replaced;
        }
        let is_due = |queued: &Queued| queued.not_before.is_none_or(|at| at <= now);
        if self.queue.iter().any(is_due) {
            return Look::Ready;
        }
        Look::Wait(self.queue.iter().filter_map(|q| q.not_before).min())
    }

    /// Ends the hold of a request that got its response or lost its client.
    pub(super) fn let_go(&mut self, pget: u64) {
        if self.held.as_ref().is_some_and(|held| held.pget == pget) {
            self.held = None;
        }
    }

    /// Makes a response of everything queued; with it the receipts of the deliveries in it.
    pub(super) fn take(&mut self, base: &str, style: Style) -> (Value, Vec<u64>) {
        let queue = std::mem::take(&mut self.queue);
        let receipts = queue.iter().filter_map(|q| q.event.receipt).collect();
        let mut senders: Vec<Value> = Vec::new();
        let mut events: Vec<Value> = Vec::new();
        let mut queue = queue.into_iter().peekable();
        while let Some(queued) = queue.next() {
            events.push(queued.event.write(style == Style::LinkOnly));
            // Only neighbours are put together: the order of the events is kept.
            if queue.peek().is_none_or(|next| next.sender != queued.sender) {
                let (rel, href) = queued.sender;
                let events = std::mem::take(&mut events);
                senders.push(json!({"rel": rel, "href": href, "events": events}));
            }
        }
        let (ack, next) = (self.current, self.current + 1);
        let onward = if style == Style::Resume {
            "resume"
        } else {
            "next"
        };
        let mut response = json!({"_links": {
            "self": {"href": format!("{base}/events?ack={ack}")},
            onward: {"href": format!("{base}/events?ack={next}")},
        }});
        if !(senders.is_empty() && style == Style::SenderAbsent) {
            response["sender"] = senders.into();
        }
        self.current = next;
        self.last = Some(response.clone());
        self.held = None;
        self.wake();
        (response, receipts)
    }

    /// Drops the events that would confirm a delivery.
    pub(super) fn drop_receipt(&mut self, delivery: u64) -> bool {
        let before = self.queue.len();
        self.queue.retain(|q| q.event.receipt != Some(delivery));
        self.queue.len() != before
    }

    /// Drops everything queued.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// How long ago the last request got its response; `None` while one is held.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        if self.held.is_some() {
            return Duration::ZERO;
        }
        now.saturating_duration_since(self.last_released)
    }
}

/// How a response is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    LinkOnly,
    Resume,
    SenderAbsent,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel_with(events: &[(&'static str, &str)]) -> Channel {
        let mut channel = Channel::new(Instant::now());
        for (rel, href) in events {
            let event = Event::new("updated", "x", "y".to_owned());
            channel.push((rel, (*href).to_owned()), event, None);
        }
        channel
    }

    #[test]
    fn a_response_is_repeated_until_the_next_is_requested() {
        let mut channel = channel_with(&[("me", "/me")]);
        assert_eq!(channel.arrive(1, 0, 1), Arrival::Held);
        let (response, _) = channel.take("/a", Style::Plain);
        assert_eq!(response["_links"]["next"]["href"], "/a/events?ack=2");
        assert_eq!(channel.arrive(1, 0, 2), Arrival::Again(response));
        assert_eq!(channel.arrive(2, 0, 3), Arrival::Held);
        assert_eq!(channel.arrive(7, 0, 4), Arrival::Resync(2));
        assert_eq!(channel.arrive(0, 0, 4), Arrival::Resync(2));
    }

    #[test]
    fn only_neighbours_share_a_sender() {
        let mut channel = channel_with(&[("a", "/a"), ("a", "/a"), ("b", "/b"), ("a", "/a")]);
        channel.arrive(1, 0, 1);
        let (response, _) = channel.take("", Style::Plain);
        let sizes: Vec<usize> = response["sender"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["events"].as_array().unwrap().len())
            .collect();
        assert_eq!(sizes, [2, 1, 1]);
    }

    #[test]
    fn a_later_request_replaces_one_of_the_same_or_lower_priority() {
        let mut channel = Channel::new(Instant::now());
        let now = Instant::now();
        channel.arrive(1, 5, 1);
        assert_eq!(channel.arrive(1, 4, 2), Arrival::Replaced);
        assert!(matches!(channel.look(1, now), Look::Wait(None)));
        assert_eq!(channel.arrive(1, 5, 3), Arrival::Held);
        assert!(matches!(channel.look(1, now), Look::Replaced));
        channel.let_go(3);
        assert!(!channel.is_held());
    }

    #[test]
    fn held_back_events_are_sent_with_others() {
        let mut channel = Channel::new(Instant::now());
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        channel.arrive(1, 0, 1);
        let event = || Event::new("updated", "x", String::new());
        channel.push(("me", String::new()), event(), Some(later));
        assert!(matches!(channel.look(1, now), Look::Wait(Some(at)) if at == later));
        assert!(matches!(channel.look(1, later), Look::Ready));
        channel.push(("me", String::new()), event(), None);
        assert!(matches!(channel.look(1, now), Look::Ready));
    }
}
