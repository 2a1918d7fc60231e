//! Compares heads of two stores.

use std::time::{Duration, SystemTime};

use crate::message::Head;

/// The head without what differs between two stores: its number, and the exact times of changes.
pub(super) fn comparable(head: &Head) -> Head {
    let mut head = head.clone();
    head.seq = 0;
    head.changed_at = SystemTime::UNIX_EPOCH;
    head.due_at = coarse(head.due_at);
    head
}

/// A time that lies within a minute of now is "now".
fn coarse(time: SystemTime) -> SystemTime {
    const NEAR: Duration = Duration::from_secs(20 * 60);
    let now = SystemTime::now();
    let apart = now.duration_since(time).unwrap_or_else(|it| it.duration());
    if apart < NEAR {
        return SystemTime::UNIX_EPOCH;
    }
    time
}
