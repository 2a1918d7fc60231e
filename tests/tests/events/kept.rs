//! What a webhook keeps: the place of a database.

use std::{collections::BTreeSet, io, time::SystemTime};

use ms_messenger::Receipt;
use ms_messenger_events::{SeenEvents, StatusBook, event_grid::Event, graph::Notification};
use serde_json::Value;

/// What was kept. It fails as often as it is told to.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    seen: SeenEvents,
    /// Each event once.
    pub(crate) events: Vec<Event>,
    /// How often an event was sent again that was kept already.
    pub(crate) duplicates: usize,
    pub(crate) book: StatusBook,
    pub(crate) notifications: Vec<Notification>,
    /// Every which attempt to keep something fails; 0 is none.
    pub(crate) failing_every: usize,
    attempts: usize,
}

impl Kept {
    fn attempt(&mut self) -> io::Result<()> {
        self.attempts += 1;
        if self.failing_every > 0 && self.attempts.is_multiple_of(self.failing_every) {
            return Err(io::Error::other("the disk is full"));
        }
        Ok(())
    }

    /// Keeps a batch of events as a whole, or fails.
    pub(crate) fn keep(&mut self, events: &[Event]) -> io::Result<()> {
        self.attempt()?;
        let now = SystemTime::now();
        for event in events {
            if !self.seen.insert(event, now) {
                self.duplicates += 1;
                continue;
            }
            self.events.push(event.clone());
            self.book.apply(event, now);
        }
        Ok(())
    }

    pub(crate) fn keep_notifications(&mut self, batch: &[Notification]) -> io::Result<()> {
        self.attempt()?;
        self.notifications.extend_from_slice(batch);
        Ok(())
    }

    pub(crate) fn record(&mut self, receipt: &Receipt) {
        self.book.record(receipt, SystemTime::now());
    }

    /// The messages that were notified with a change.
    pub(crate) fn changed(&self, change: &str) -> BTreeSet<String> {
        let changes = self.notifications.iter().filter_map(|it| match it {
            Notification::Change(it) if it.change_type.as_str() == change => Some(it),
            _ => None,
        });
        let ids = changes.filter_map(|it| it.resource_data.as_ref()?.id.clone());
        ids.collect()
    }
}

/// The ids of what a body carries, read without the events crate: of an event that is not Event Grid's
/// own, or of the message that a notification is about.
pub(crate) fn ids(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = match body {
        Value::Array(events) => events,
        Value::Object(mut one) => match one.remove("value") {
            Some(Value::Array(items)) => items,
            _ => vec![Value::Object(one)],
        },
        _ => Vec::new(),
    };
    let is_own = |item: &&Value| {
        let kind = item["eventType"].as_str().unwrap_or_default();
        kind.starts_with("Microsoft.EventGrid.")
    };
    let id = |item: &Value| {
        let id = item
            .get("id")
            .or_else(|| item.pointer("/resourceData/id"))?;
        id.as_str().map(str::to_owned)
    };
    let items = items.iter().filter(|item| !is_own(item));
    items.filter_map(id).collect()
}
