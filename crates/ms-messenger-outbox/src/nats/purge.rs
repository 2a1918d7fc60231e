//! Deleting, and clearing up what crashes have left.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use super::{
    core::{Core, each},
    record::{from_nanos, group_key, lane_key, message_key, session_key},
    row::Row,
    sweep::sweep,
};
use crate::{error::Result, store::Purge};

/// How long marks and leftovers stay, so that every handle has followed them.
const GRACE: Duration = Duration::from_secs(10 * 60);
/// For how long it is known that a worker was buried: far longer than a process is stopped.
const BURIED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How much of each kind one call clears up.
const AT_ONCE: usize = 1000;

pub(super) async fn purge(core: &Core, purge: &Purge) -> Result<u64> {
    core.mirror.sync().await?;
    let limit = if purge.limit == 0 {
        10_000
    } else {
        purge.limit
    };
    let is_old = |row: &&Row| {
        row.state.is_final()
            && (purge.states.is_empty() || purge.states.contains(&row.state))
            && row.changed_at < purge.before
    };
    let rows: Vec<Row> = {
        let index = core.mirror.index();
        let rows = index.rows.values().filter(is_old);
        rows.take(limit as usize).cloned().collect()
    };
    let deleted = each(&rows, |row| delete(core, row)).await;
    let deleted: Result<Vec<bool>> = deleted.into_iter().collect();
    let deleted = deleted?.into_iter().filter(|it| *it).count();
    clear(core, purge.now).await?;
    sweep(core, purge.now).await?;
    Ok(deleted as u64)
}

/// Deletes one message, if it has not changed.
async fn delete(core: &Core, row: &Row) -> Result<bool> {
    let Some(stored) = core.message(&row.key).await? else {
        return Ok(false);
    };
    if stored.revision != row.revision {
        return Ok(false);
    }
    let key = message_key(&row.key);
    if !core.bucket.delete(&key, row.revision).await? {
        return Ok(false);
    }
    if let Some(token) = &stored.record.content {
        core.erase(&row.key, token).await;
    }
    Ok(true)
}

/// What can be cleared up.
#[derive(Debug, Default)]
struct Leftovers {
    /// Entries that are deleted, with their revisions.
    entries: Vec<(String, u64)>,
    /// Marks that every handle has followed.
    marks: Vec<u64>,
}

async fn clear(core: &Core, now: SystemTime) -> Result<()> {
    let last = core.bucket.last().await?;
    let Leftovers { entries, marks } = leftovers(core, now, last);
    for result in each(&entries, |(key, revision)| {
        core.bucket.delete(key, *revision)
    })
    .await
    {
        result?;
    }
    for result in each(&marks, |revision| core.bucket.forget(*revision)).await {
        result?;
    }
    let mut index = core.mirror.index();
    for mark in marks {
        index.marks.remove(&mark);
    }
    Ok(())
}

fn leftovers(core: &Core, now: SystemTime, last: u64) -> Leftovers {
    let index = core.mirror.index();
    let mut found = Leftovers::default();
    let is_past =
        |at: SystemTime, grace: Duration| now.duration_since(at).is_ok_and(|it| it > grace);
    // The last write stays: it is what handles wait for.
    let marks = index.marks.iter();
    let marks = marks.filter(|(revision, at)| **revision < last && is_past(**at, GRACE));
    found.marks = marks.map(|(revision, _)| *revision).take(AT_ONCE).collect();
    let used: HashSet<&str> = index
        .rows
        .values()
        .filter_map(|it| it.group.as_deref())
        .collect();
    for (name, group) in &index.groups {
        if !used.contains(name.as_str()) && is_past(group.written_at, GRACE) {
            found.entries.push((group_key(name), group.revision));
        }
    }
    for (key, hidden) in &index.hidden {
        if !index.groups.contains_key(&hidden.group) {
            found.entries.push((message_key(key), hidden.row.revision));
        }
    }
    for (worker, at, written_at) in index.sessions.values() {
        if at.value.is_buried && is_past(*written_at, BURIED) {
            found.entries.push((session_key(worker), at.revision));
        }
    }
    for (lane, at) in &index.lanes {
        if is_past(from_nanos(at.value.next_slot_ns), BURIED) {
            found.entries.push((lane_key(lane), at.revision));
        }
    }
    found.entries.truncate(AT_ONCE);
    found
}
