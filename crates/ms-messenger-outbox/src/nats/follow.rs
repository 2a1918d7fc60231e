//! Follows the writes of the bucket, in their order.

use std::time::SystemTime;

use super::{
    index::{At, Hidden, Index, Known},
    record::{self, Group, LaneRecord, RouteRecord, SessionRecord, number},
    row::Row,
};
use crate::envelope::Hash;

/// One write.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) key: &'a str,
    pub(super) revision: u64,
    /// `None` for the mark of a deleted entry.
    pub(super) value: Option<&'a [u8]>,
    pub(super) at: SystemTime,
}

impl Index {
    /// Follows one write. Returns whether something may have become due by it.
    ///
    /// An entry that cannot be read is left out: its message is reported as damaged when it is read.
    pub(super) fn follow(&mut self, written: &Written<'_>) -> bool {
        self.seq = self.seq.max(written.revision);
        if written.value.is_none() {
            self.marks.insert(written.revision, written.at);
        }
        let Some((kind, name)) = written.key.split_once('.') else {
            return false;
        };
        match kind {
            "m" => Hash::from_hex(name).is_some_and(|key| self.follow_message(key, written)),
            "g" => self.follow_group(name, written),
            "s" => Hash::from_hex(name).is_some_and(|key| self.follow_session(key, written)),
            "r" => self.follow_route(written),
            "l" => Hash::from_hex(name).is_some_and(|key| self.follow_lane(key, written)),
            _ => false,
        }
    }

    fn follow_message(&mut self, key: Hash, written: &Written<'_>) -> bool {
        let record = written.value.map(|it| record::read_message(&key, it));
        let Some(Ok(record)) = record else {
            let was_open = self.row(&key).is_some_and(Row::holds_order);
            self.hidden.remove(&key);
            self.remove(&key);
            return was_open;
        };
        self.hidden.remove(&key);
        let (group, place) = (record.group.clone(), record.place);
        let route = self.route_name(&record.head.route);
        let mut row = Row::new(key, written.revision, record, route);
        let Some(group) = group else {
            if row.seq == 0 {
                row.seq = number(written.revision, 0);
            }
            let wakes = row.owner.is_none();
            self.put(row);
            return wakes;
        };
        match self.groups.get(&group) {
            Some(known) if known.is_complete => {
                row.seq = number(known.revision, place);
                self.put(row);
                true
            }
            _ => {
                self.remove(&key);
                let members = self.members.entry(group.clone());
                members.or_default().push(key);
                self.hidden.insert(key, Hidden { group, place, row });
                false
            }
        }
    }

    fn follow_group(&mut self, name: &str, written: &Written<'_>) -> bool {
        let group = written.value.and_then(|it| record::read::<Group>(it).ok());
        let Some(group) = group else {
            self.groups.remove(name);
            self.members.remove(name);
            return false;
        };
        let known = Known {
            revision: written.revision,
            is_complete: group.is_complete,
            written_at: written.at,
        };
        self.groups.insert(name.to_owned(), known);
        if !group.is_complete {
            return false;
        }
        for key in self.members.remove(name).unwrap_or_default() {
            // It may be that of a later group by now.
            if self.hidden.get(&key).is_none_or(|it| it.group != name) {
                continue;
            }
            if let Some(Hidden { mut row, place, .. }) = self.hidden.remove(&key) {
                row.seq = number(written.revision, place);
                self.put(row);
            }
        }
        true
    }

    fn follow_session(&mut self, key: Hash, written: &Written<'_>) -> bool {
        let session = written.value.map(record::read::<SessionRecord>);
        let Some(Ok(value)) = session else {
            self.sessions.remove(&key);
            return true;
        };
        let is_buried = value.is_buried;
        let worker = value.worker.clone();
        let revision = written.revision;
        self.sessions
            .insert(key, (worker, At { revision, value }, written.at));
        is_buried
    }

    fn follow_route(&mut self, written: &Written<'_>) -> bool {
        let route = written.value.map(record::read::<RouteRecord>);
        let Some(Ok(value)) = route else {
            return false;
        };
        let name = self.route_name(&value.route);
        let (revision, paused_until) = (written.revision, value.paused_until_ms);
        let before = self.routes.insert(name, At { revision, value });
        before.map_or(0, |it| it.value.paused_until_ms) != paused_until
    }

    fn follow_lane(&mut self, key: Hash, written: &Written<'_>) -> bool {
        let lane = written.value.map(record::read::<LaneRecord>);
        match lane {
            Some(Ok(value)) => {
                let revision = written.revision;
                self.lanes.insert(key, At { revision, value });
            }
            _ => {
                self.lanes.remove(&key);
            }
        }
        false
    }
}
