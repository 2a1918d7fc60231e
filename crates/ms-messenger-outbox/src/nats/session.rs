//! Sessions of workers, and pauses of routes.

use std::time::{Duration, SystemTime};

use super::{
    claim::put_route,
    core::{Core, each},
    failure::unavailable,
    index::At,
    record::{self, SessionRecord, route_key, session_key},
};
use crate::{
    envelope::Hash,
    error::{OutboxErrorKind, Result},
    id::WorkerId,
    store::{Beat, Session},
    time::{SKEW, after},
};

/// How often an entry is read again because another write came first.
const ROUNDS: u32 = 64;
/// How many messages one call brings to the clock, at most.
const RECALLED: usize = 10_000;

/// Reads the entry of a worker, with its revision.
pub(super) async fn read(core: &Core, worker: &WorkerId) -> Result<(u64, Option<SessionRecord>)> {
    let entry = core.bucket.get(&session_key(worker)).await?;
    let Some(entry) = entry else {
        return Ok((0, None));
    };
    let record = entry.value.map(|it| record::read(&it)).transpose()?;
    Ok((entry.revision, record))
}

async fn put(core: &Core, mut record: SessionRecord, revision: u64) -> Result<bool> {
    record.write = fastrand::u64(..);
    let key = session_key(&record.worker);
    let value = record::write(&record)?;
    Ok(core.bucket.put(&key, value, revision).await?.is_some())
}

pub(super) async fn beat(core: &Core, beat: &Beat) -> Result<bool> {
    for _ in 0..ROUNDS {
        let (revision, session) = read(core, &beat.worker).await?;
        let beats = match session {
            Some(session) if session.is_buried => return Ok(false),
            Some(session) => session.beats,
            None if beat.is_first => 0,
            None => return Ok(false),
        };
        let record = SessionRecord {
            worker: beat.worker.clone(),
            beats: beats + 1,
            lease_ms: u64::try_from(beat.lease.as_millis()).unwrap_or(u64::MAX),
            is_buried: false,
            write: 0,
        };
        if put(core, record, revision).await? {
            return Ok(true);
        }
    }
    Err(unavailable("the session is changed by too many others"))
}

pub(super) async fn list(core: &Core) -> Result<Vec<Session>> {
    core.mirror.sync().await?;
    let index = core.mirror.index();
    let records = index.sessions.values().map(|(_, at, _)| &at.value);
    let records = records.filter(|it| !it.is_buried);
    let session = |it: &SessionRecord| {
        let lease = Duration::from_millis(it.lease_ms);
        Session::new(it.worker.clone(), it.beats, lease)
    };
    Ok(records.map(session).collect())
}

/// Marks the session as buried, then takes the messages. If that is interrupted, the next claim
/// takes them.
pub(super) async fn bury(core: &Core, session: &Session, now: SystemTime) -> Result<bool> {
    let (revision, record) = read(core, &session.worker).await?;
    let is_same = |it: &SessionRecord| !it.is_buried && it.beats == session.beats;
    let Some(mut record) = record.filter(is_same) else {
        return Ok(false);
    };
    record.is_buried = true;
    if !put(core, record, revision).await? {
        return Ok(false);
    }
    core.mirror.sync().await?;
    let owned = core.mirror.index().owned(&session.worker);
    orphan(core, &owned, now).await?;
    Ok(true)
}

/// Takes messages from workers that have no session.
pub(super) async fn orphan(core: &Core, keys: &[Hash], now: SystemTime) -> Result<()> {
    let orphaned = each(keys, async |key| {
        let Some(stored) = core.message(key).await? else {
            return Ok(());
        };
        let mut stored = stored;
        let Some(owner) = stored.record.head.owner.clone() else {
            return Ok(());
        };
        let (_, session) = read(core, &owner).await?;
        if session.is_some_and(|it| !it.is_buried) {
            return Ok(());
        }
        stored.record.head.orphan(now);
        // If another change came first, the next claim looks at it again.
        core.save(&stored).await.map(drop)
    })
    .await;
    for result in orphaned {
        match result {
            Err(error) if error.kind() == OutboxErrorKind::Damaged => {}
            other => other?,
        }
    }
    Ok(())
}

/// Brings the times of messages to the clock.
pub(super) async fn recall(core: &Core, route: &str, now: SystemTime) -> Result<u64> {
    core.mirror.sync().await?;
    let latest = after(now, SKEW);
    let keys = core.mirror.index().changed_after(route, latest, RECALLED);
    let recalled = each(&keys, async |key| -> Result<bool> {
        let Some(mut stored) = core.message(key).await? else {
            return Ok(false);
        };
        // If another change came first, it has set another time.
        Ok(stored.record.head.recall(now) && core.save(&stored).await?.is_some())
    })
    .await;
    let mut count = 0;
    for result in recalled {
        match result {
            Err(error) if error.kind() == OutboxErrorKind::Damaged => {}
            other => count += u64::from(other?),
        }
    }
    Ok(count)
}

pub(super) async fn pause(core: &Core, route: &str, until: SystemTime) -> Result<()> {
    for _ in 0..ROUNDS {
        let entry = core.bucket.get(&route_key(route)).await?;
        let revision = entry.as_ref().map_or(0, |it| it.revision);
        let value = entry.and_then(|it| it.value);
        let mut value: record::RouteRecord = match value {
            Some(value) => record::read(&value)?,
            None => record::RouteRecord::default(),
        };
        route.clone_into(&mut value.route);
        let pause = value.pause().extended(until, SystemTime::now());
        value.set_pause(pause);
        if put_route(core, &At { revision, value }).await? {
            return Ok(());
        }
    }
    Err(unavailable("the route is changed by too many others"))
}
