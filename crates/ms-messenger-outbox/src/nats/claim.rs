//! Leasing what is due.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use super::{
    core::{Core, Stored, each},
    index::At,
    record::{self, LaneRecord, RouteRecord, lane_key, route_key},
    row::Row,
    slots::Plan,
};
use crate::{
    change::Lease,
    envelope::Hash,
    error::Result,
    message::StoredMessage,
    store::{Claim, Claimed},
};

/// How many messages that wait for the slots of their targets are looked at beyond the limit.
const DELAYED: usize = 256;
/// How often a claim begins again because others took what it had chosen.
const ROUNDS: u32 = 16;
/// The most messages of one claim.
const MOST: u32 = 4096;

/// Leases that were written, or may have been, and that no worker was told of.
pub(super) type Doubts = HashMap<Hash, Lease>;

/// Leases what is due. One claim of a handle is made at a time, so that they do not compete.
pub(super) async fn claim(core: &Core, doubts: &mut Doubts, claim: &Claim) -> Result<Claimed> {
    let mut claim = claim.clone();
    claim.limit = claim.limit.min(MOST);
    give_back(core, doubts).await?;
    for _ in 0..ROUNDS {
        core.mirror.sync().await?;
        if take_orphans(core, claim.now).await? {
            continue;
        }
        if core.mirror.index().session(&claim.worker).is_none() {
            return Ok(Claimed::default());
        }
        let (claimed, is_lost) = round(core, doubts, &claim).await?;
        if !is_lost || !claimed.messages.is_empty() {
            return Ok(claimed);
        }
    }
    let next_at = Some(claim.now);
    Ok(Claimed {
        next_at,
        ..Claimed::default()
    })
}

/// Gives back what an earlier claim may have leased that failed or was dropped on its way.
async fn give_back(core: &Core, doubts: &mut Doubts) -> Result<()> {
    let keys: Vec<Hash> = doubts.keys().copied().collect();
    for key in keys {
        let Some(lease) = doubts.get(&key).cloned() else {
            continue;
        };
        // Where the lease is not there, its write may still be on its way: any write stops it.
        let given = core.change(&key, |record| {
            let head = &mut record.head;
            if head.owner.as_ref() == Some(&lease.worker) && head.fence == lease.fence {
                head.owner = None;
            }
            Ok(())
        });
        match given.await {
            Err(error) if error.is_transient() => return Err(error),
            _ => doubts.remove(&key),
        };
    }
    Ok(())
}

/// Takes messages from workers that have no session, which a crash in the middle of a burial, or a
/// claim beside it, leaves with them.
async fn take_orphans(core: &Core, now: SystemTime) -> Result<bool> {
    let orphans = core.mirror.index().orphans();
    let keys: Vec<Hash> = orphans.iter().map(|it| it.key).collect();
    super::session::orphan(core, &keys, now).await?;
    Ok(!keys.is_empty())
}

/// Leases what waits now. Returns whether others were faster with some of it.
async fn round(core: &Core, doubts: &mut Doubts, claim: &Claim) -> Result<(Claimed, bool)> {
    let mut plan = Plan::default();
    let rows = choose(core, claim, &mut plan);
    let read = each(&rows, |row| core.message(&row.key)).await;
    let mut candidates = Vec::with_capacity(rows.len());
    let mut is_lost = false;
    for (row, read) in rows.iter().zip(read) {
        match read {
            Ok(Some(stored)) if stored.revision == row.revision => candidates.push(stored),
            Ok(_) => is_lost = true,
            Err(error) if error.kind() == crate::OutboxErrorKind::Damaged => {}
            Err(error) => return Err(error),
        }
    }
    if claim.budget.target.is_some() {
        plan.lanes = lanes(core, &candidates).await?;
    }
    plan.fill(claim, candidates);
    if !take_slots(core, claim, &plan).await? {
        return Ok((Claimed::default(), true));
    }
    let next_at = plan.next_at;
    let (leased, all) = lease(core, doubts, claim, plan).await?;
    is_lost |= !all;
    let messages = hand_out(core, claim, &leased).await?;
    // The worker hears of them now.
    for stored in &leased {
        doubts.remove(&stored.key);
    }
    let next_at = if is_lost { Some(claim.now) } else { next_at };
    Ok((Claimed { messages, next_at }, is_lost))
}

/// The messages that are due, by the index.
fn choose(core: &Core, claim: &Claim, plan: &mut Plan) -> Vec<Row> {
    let index = core.mirror.index();
    plan.route = index
        .routes
        .get(claim.route.as_str())
        .cloned()
        .unwrap_or_default();
    let stored = plan.route.value.pause();
    let pause = stored.at(claim.now);
    if pause != stored {
        plan.route.value.set_pause(pause);
        plan.is_route_changed = true;
    }
    let is_paused = !pause.is_over(claim.now);
    if is_paused {
        plan.note(pause.until);
    }
    let extra = claim.budget.target.map_or(1, |_| DELAYED);
    let most = (claim.limit as usize).saturating_add(extra);
    let mut rows = index.next(&claim.route, is_paused, most);
    if let Some(first) = rows.iter().position(|it| it.due > claim.now) {
        if let Some(row) = rows.get(first) {
            plan.note(row.due);
        }
        rows.truncate(first);
    } else if rows.len() == most {
        plan.note(claim.now);
    }
    rows
}

/// The slots of the targets, as they are stored.
async fn lanes(core: &Core, candidates: &[Stored]) -> Result<HashMap<Hash, At<LaneRecord>>> {
    let lanes: HashSet<Hash> = candidates.iter().map(|it| it.record.head.lane).collect();
    let lanes: Vec<Hash> = lanes.into_iter().collect();
    let read = each(&lanes, async |lane| {
        let entry = core.bucket.get(&lane_key(lane)).await?;
        let revision = entry.as_ref().map_or(0, |it| it.revision);
        let value = entry.and_then(|it| it.value);
        // Slots that cannot be read are lost, which costs no message.
        let value = value.and_then(|it| record::read(&it).ok());
        let value = value.unwrap_or_default();
        Ok((*lane, At { revision, value }))
    })
    .await;
    read.into_iter().collect()
}

/// Writes the slots that the plan takes. Returns whether no other claim was faster.
///
/// A crash after it wastes slots; a message never goes without one.
async fn take_slots(core: &Core, claim: &Claim, plan: &Plan) -> Result<bool> {
    if plan.is_route_changed {
        let mut value = plan.route.value.clone();
        value.route.clone_from(&claim.route);
        if !put_route(
            core,
            &At {
                value,
                ..plan.route
            },
        )
        .await?
        {
            return Ok(false);
        }
    }
    let lanes = each(&plan.changed_lanes, async |lane| {
        let Some(At { revision, value }) = plan.lanes.get(lane) else {
            return Ok(true);
        };
        let mut value = value.clone();
        value.write = fastrand::u64(..);
        let value = record::write(&value)?;
        let put = core.bucket.put(&lane_key(lane), value, *revision).await?;
        Ok(put.is_some())
    })
    .await;
    let taken: Result<Vec<bool>> = lanes.into_iter().collect();
    Ok(taken?.into_iter().all(|it| it))
}

/// Writes the entry of a route. Returns whether no other write was faster.
pub(super) async fn put_route(core: &Core, route: &At<RouteRecord>) -> Result<bool> {
    let mut value = route.value.clone();
    value.write = fastrand::u64(..);
    let key = route_key(&value.route);
    let value = record::write(&value)?;
    let put = core.bucket.put(&key, value, route.revision).await?;
    Ok(put.is_some())
}

/// Writes the leases. Returns those that were written, and whether all were.
async fn lease(
    core: &Core,
    doubts: &mut Doubts,
    claim: &Claim,
    plan: Plan,
) -> Result<(Vec<Stored>, bool)> {
    let Plan {
        leased, delayed, ..
    } = plan;
    for stored in &leased {
        let lease = Lease {
            worker: claim.worker.clone(),
            fence: stored.record.head.fence,
        };
        doubts.insert(stored.key, lease);
    }
    let slots = each(&delayed, |stored| core.save(stored)).await;
    let saved = each(&leased, |stored| core.save(stored)).await;
    let mut kept = Vec::with_capacity(leased.len());
    let mut is_all = true;
    for (stored, saved) in leased.into_iter().zip(saved) {
        if saved?.is_some() {
            kept.push(stored);
        } else {
            doubts.remove(&stored.key);
            is_all = false;
        }
    }
    for saved in slots {
        is_all &= saved?.is_some();
    }
    Ok((kept, is_all))
}

/// Reads the contents, and makes sure that the worker has its session still: else others take the
/// messages from it.
async fn hand_out(core: &Core, claim: &Claim, leased: &[Stored]) -> Result<Vec<StoredMessage>> {
    if leased.is_empty() {
        return Ok(Vec::new());
    }
    let contents = each(leased, |it| core.content(&it.key, &it.record));
    let session = super::session::read(core, &claim.worker);
    let (contents, session) = tokio::join!(contents, session);
    if session?.1.is_none_or(|it| it.is_buried) {
        return Ok(Vec::new());
    }
    let mut messages = Vec::with_capacity(leased.len());
    for (stored, content) in leased.iter().zip(contents) {
        let content = match content {
            Err(error) if error.kind() == crate::OutboxErrorKind::Damaged => None,
            content => content?,
        };
        messages.push(StoredMessage::new(stored.record.head.clone(), content));
    }
    Ok(messages)
}
