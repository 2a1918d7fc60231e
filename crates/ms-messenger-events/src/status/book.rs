//! The status of all messages.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Acceptance, DeliveryStatus, MessageId, Receipt};
use serde::{Deserialize, Serialize};

use super::{early::Early, entry::Entry, message_status::MessageStatus, report::StatusReport};
use crate::event_grid::Event;

/// The status of the messages that were sent: it only climbs, from `Queued` to `Sent`, `Delivered`
/// and `Read`, or to `Failed`.
///
/// Fed with receipts and with events, in any order and as often as they come; the result is the
/// same. An event whose message has no receipt yet waits for it, within bounds of number and age:
/// by default 10,000 messages for an hour.
///
/// The book is in memory: keep each event first (see [`Event::raw`]) and feed it then, so that after
/// a crash the kept events can be fed again; or keep the JSON form of the book. Time is passed
/// in, the book has no clock.
///
/// ```
/// use std::time::SystemTime;
/// use ms_messenger_core::{Acceptance, Receipt};
/// use ms_messenger_events::{Applied, DeliveryStatus, StatusBook, event_grid::Event};
///
/// let now = SystemTime::now();
/// let mut book = StatusBook::new();
/// book.record(&Receipt::new(Acceptance::Queued).with_message_id("4a5b"), now);
///
/// let event = Event::parse(r#"{"id": "1", "topic": "/contoso",
///     "subject": "advancedMessage/4a5b/status/Failed",
///     "eventType": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
///     "data": {"status": "Failed", "error": {"channelCode": "131026"}}}"#)?;
/// let Applied::Changed(change) = book.apply(&event, now) else { panic!() };
/// assert_eq!((change.before, change.status), (DeliveryStatus::Queued, DeliveryStatus::Failed));
/// assert_eq!(book.apply(&event, now), Applied::Duplicate);
///
/// let message = book.get("4a5b").unwrap();
/// assert_eq!(message.failure().unwrap().code.as_deref(), Some("131026"));
/// # Ok::<(), ms_messenger_events::Rejection>(())
/// ```
///
/// JSON form: `{"messages":[{"message_id":"4a5b","steps":[…],"changed_at":"2026-01-02T03:04:05Z"}],
/// "early":[…]}`. The bounds are not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct StatusBook {
    messages: HashMap<MessageId, Entry>,
    early: Early,
}

/// What became of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applied {
    /// The status of the message climbed.
    Changed(StatusChange),
    /// The report is new and was added; the status is higher already, e.g. `Sent` after `Read`.
    Noted,
    /// The same status of the same message was reported before, by the same event or another one.
    Duplicate,
    /// The receipt of the message is not known yet: the report waits for it.
    Early,
    /// The event is not about the status of a message.
    NotAStatus,
}

/// A status that climbed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatusChange {
    /// The message.
    pub message_id: MessageId,
    /// The status before.
    pub before: DeliveryStatus,
    /// The status now.
    pub status: DeliveryStatus,
}

impl StatusBook {
    /// Creates an empty book.
    #[must_use]
    pub fn new() -> Self {
        Self {
            messages: HashMap::new(),
            early: Early::new(10_000, Duration::from_secs(3600)),
        }
    }

    /// Sets of how many messages without a receipt reports wait, and for how long. The oldest are
    /// dropped first, see [`dropped`](Self::dropped).
    #[must_use]
    pub fn with_early_bounds(mut self, most: usize, longest: Duration) -> Self {
        self.early.most = most;
        self.early.longest = longest;
        self
    }

    /// Adds the receipt of a send, with the reports that waited for it. Returns the message, or
    /// `None` if the receipt has no id of one.
    pub fn record(&mut self, receipt: &Receipt, now: SystemTime) -> Option<&MessageStatus> {
        let id = receipt.message_id.as_ref()?;
        self.early.drop_old(now);
        let early = self.early.take(id.as_str());
        let entry = self.messages.entry(id.clone()).or_insert_with(|| {
            let message = early.unwrap_or_else(|| MessageStatus::new(id.clone()));
            Entry::new(message, now)
        });
        if receipt.acceptance == Acceptance::Delivered {
            let report = StatusReport::new(id.clone(), DeliveryStatus::Delivered);
            entry.message.add(report);
        }
        Some(&entry.message)
    }

    /// Applies an event.
    pub fn apply(&mut self, event: &Event, now: SystemTime) -> Applied {
        match StatusReport::of(event) {
            Some(report) => self.report(report, now),
            None => Applied::NotAStatus,
        }
    }

    /// Applies a report of another source than an event.
    pub fn report(&mut self, report: StatusReport, now: SystemTime) -> Applied {
        let Some(entry) = self.messages.get_mut(&report.message_id) else {
            if self.early.add(report, now) {
                return Applied::Early;
            }
            return Applied::Duplicate;
        };
        let before = entry.message.status();
        if !entry.message.add(report) {
            return Applied::Duplicate;
        }
        entry.changed_at = now;
        let status = entry.message.status();
        if status == before {
            return Applied::Noted;
        }
        Applied::Changed(StatusChange {
            message_id: entry.message.message_id.clone(),
            before,
            status,
        })
    }

    /// Returns what is known of a message whose receipt is known.
    pub fn get(&self, id: &str) -> Option<&MessageStatus> {
        self.messages.get(id).map(|entry| &entry.message)
    }

    /// Iterates over the messages whose receipt is known, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &MessageStatus> {
        self.messages.values().map(|entry| &entry.message)
    }

    /// Returns how many messages have a receipt.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Returns whether no message has a receipt.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Returns of how many messages reports wait for a receipt.
    pub fn early(&self) -> usize {
        self.early.len()
    }

    /// Returns of how many messages reports were dropped because no receipt came in time, or
    /// because too many were waiting.
    pub fn dropped(&self) -> u64 {
        self.early.dropped
    }

    /// Removes all messages that did not change since `time`, and returns them, so that the book
    /// does not grow without end.
    pub fn take_unchanged_since(&mut self, time: SystemTime) -> Vec<MessageStatus> {
        let old = self.messages.extract_if(|_, it| it.changed_at < time);
        old.map(|(_, entry)| entry.message).collect()
    }
}

impl Default for StatusBook {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Serialize, Deserialize)]
struct Form {
    messages: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    early: Vec<Entry>,
}

impl From<Form> for StatusBook {
    fn from(form: Form) -> Self {
        let mut book = Self::new();
        let id = |entry: &Entry| entry.message.message_id.clone();
        let messages = form.messages.into_iter();
        book.messages = messages.map(|entry| (id(&entry), entry)).collect();
        form.early
            .into_iter()
            .for_each(|entry| book.early.insert(entry));
        book
    }
}

impl From<StatusBook> for Form {
    fn from(book: StatusBook) -> Self {
        let by_time = |entries: &mut Vec<Entry>| {
            entries.sort_by(|a, b| {
                let key = |it: &Entry| (it.changed_at, it.message.message_id.clone());
                key(a).cmp(&key(b))
            });
        };
        let mut early: Vec<Entry> = book.early.entries().cloned().collect();
        let mut messages: Vec<Entry> = book.messages.into_values().collect();
        by_time(&mut early);
        by_time(&mut messages);
        Self { messages, early }
    }
}
