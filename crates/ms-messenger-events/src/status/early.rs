//! Reports of messages whose receipt is not known yet.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, SystemTime},
};

use ms_messenger_core::MessageId;

use super::{entry::Entry, message_status::MessageStatus, report::StatusReport};

/// Reports of messages whose receipt is not known yet, within bounds of number and age: other
/// programs may send through the same channel, and their receipts never come.
#[derive(Clone, Debug)]
pub(super) struct Early {
    entries: HashMap<MessageId, Entry>,
    /// The ids in the order of their first report; some may be gone already.
    order: VecDeque<(SystemTime, MessageId)>,
    pub(super) most: usize,
    pub(super) longest: Duration,
    pub(super) dropped: u64,
}

impl Early {
    pub(super) fn new(most: usize, longest: Duration) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            most,
            longest,
            dropped: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Adds a report. Returns whether it is new.
    pub(super) fn add(&mut self, report: StatusReport, now: SystemTime) -> bool {
        self.drop_old(now);
        if let Some(entry) = self.entries.get_mut(&report.message_id) {
            return entry.message.add(report);
        }
        let mut message = MessageStatus::new(report.message_id.clone());
        message.add(report);
        self.insert(Entry::new(message, now));
        while self.entries.len() > self.most {
            self.drop_first();
        }
        if self.order.len() > 2 * self.entries.len() + 64 {
            let entries = &self.entries;
            self.order.retain(|it| is_first(entries, it));
        }
        true
    }

    /// Adds an entry that was kept elsewhere.
    pub(super) fn insert(&mut self, entry: Entry) {
        let id = entry.message.message_id.clone();
        self.order.push_back((entry.changed_at, id.clone()));
        self.entries.insert(id, entry);
    }

    pub(super) fn take(&mut self, id: &str) -> Option<MessageStatus> {
        Some(self.entries.remove(id)?.message)
    }

    /// Drops what is too old. A time after `now` is of a clock that was set since; it is not old.
    pub(super) fn drop_old(&mut self, now: SystemTime) {
        let longest = self.longest;
        let is_old = |at: SystemTime| now.duration_since(at).is_ok_and(|age| age > longest);
        while self.order.front().is_some_and(|it| is_old(it.0)) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        let Some(first) = self.order.pop_front() else {
            return;
        };
        if is_first(&self.entries, &first) {
            self.entries.remove(&first.1);
            self.dropped += 1;
        }
    }
}

/// Returns whether the id is still there: it may have been taken and added again.
fn is_first(entries: &HashMap<MessageId, Entry>, (at, id): &(SystemTime, MessageId)) -> bool {
    entries.get(id).is_some_and(|it| it.changed_at == *at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeliveryStatus;

    #[test]
    fn ids_that_were_taken_are_forgotten() {
        let mut early = Early::new(10, Duration::from_secs(3600));
        for n in 0..1000 {
            let report = StatusReport::new(n.to_string(), DeliveryStatus::Sent);
            early.add(report, SystemTime::UNIX_EPOCH);
            assert!(early.take(&n.to_string()).is_some());
            assert!(early.order.len() <= 66, "{}", early.order.len());
        }
        assert_eq!(early.dropped, 0);
    }
}
