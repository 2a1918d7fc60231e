//! The rates of a route and its targets, as rows that all workers share.

use std::{collections::HashMap, time::SystemTime};

use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::{database::Database, failure::Failure, nanos};
use crate::{
    budget::{Budget, Slots},
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind},
    message::Head,
    store::Claim,
};

/// The slots of a route and of some of its targets, locked until the end of a transaction.
pub(super) struct Rates {
    route_name: String,
    budget: Budget,
    now: SystemTime,
    route: Option<Slots>,
    targets: HashMap<Hash, Slots>,
    is_route_changed: bool,
    changed: Vec<Hash>,
}

impl Rates {
    /// Locks the rows that the messages need: first the route, then the targets by their hashes, so
    /// that claims never wait for each other in a circle.
    pub(super) async fn lock(
        database: &Database,
        connection: &mut PgConnection,
        claim: &Claim,
        paced: impl Iterator<Item = &Head>,
    ) -> Result<Self, Failure> {
        let mut rates = Self {
            route_name: claim.route.clone(),
            budget: claim.budget,
            now: claim.now,
            route: None,
            targets: HashMap::new(),
            is_route_changed: false,
            changed: Vec::new(),
        };
        let mut is_any = false;
        let mut lanes: Vec<Vec<u8>> = Vec::new();
        for head in paced {
            is_any = true;
            if !head.has_slot && claim.budget.target.is_some() {
                lanes.push(head.lane.as_bytes().to_vec());
            }
        }
        if is_any && claim.budget.route.is_some() {
            let query = database.query(&database.statements.lock_route);
            let row = query.bind(&claim.route).fetch_one(&mut *connection).await?;
            rates.route = Some(stored(&row)?);
        }
        lanes.sort_unstable();
        lanes.dedup();
        if !lanes.is_empty() {
            let query = database.query(&database.statements.lock_targets);
            for row in query.bind(&lanes).fetch_all(connection).await? {
                let lane: &[u8] = row.try_get("lane")?;
                let damaged = || OutboxError::new(OutboxErrorKind::Damaged, "the hash of a target");
                let lane = Hash::from_slice(lane).ok_or_else(damaged)?;
                rates.targets.insert(lane, stored(&row)?);
            }
        }
        Ok(rates)
    }

    /// Reserves the slot of a message's target. Returns when it is due, unless it is now.
    pub(super) fn reserve_target(&mut self, head: &mut Head) -> Option<SystemTime> {
        let rate = self.budget.target.filter(|_| !head.has_slot)?;
        let slots = self.targets.get_mut(&head.lane)?;
        let at = slots.reserve(rate, self.now);
        self.changed.push(head.lane);
        head.has_slot = true;
        if at <= self.now {
            return None;
        }
        head.wait_for_slot(at, self.now);
        Some(head.due_at)
    }

    /// Takes a slot of the route. Returns when there is one, unless it was taken.
    pub(super) fn take_route(&mut self) -> Option<SystemTime> {
        let (rate, slots) = (self.budget.route?, self.route.as_mut()?);
        if slots.take(rate, self.now, 1) == 1 {
            self.is_route_changed = true;
            return None;
        }
        Some(slots.free_at(rate, self.now))
    }

    /// Writes what was taken.
    pub(super) async fn store(
        self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        if let Some(slots) = self.route.filter(|_| self.is_route_changed) {
            let query = database.query(&database.statements.set_route);
            let query = query.bind(&self.route_name).bind(nanos::of(slots.next));
            let query = query.bind(nanos::of(slots.taken_at));
            query.execute(&mut *connection).await?;
        }
        let mut changed = self.changed;
        changed.sort_unstable_by_key(|lane| *lane.as_bytes());
        changed.dedup();
        if !changed.is_empty() {
            let next = changed.iter().filter_map(|lane| self.targets.get(lane));
            let next: Vec<i64> = next.map(|slots| nanos::of(slots.next)).collect();
            let lanes: Vec<&[u8]> = changed.iter().map(|lane| &lane.as_bytes()[..]).collect();
            let query = database.query(&database.statements.set_targets);
            let query = query.bind(&lanes).bind(&next).bind(nanos::of(self.now));
            query.execute(connection).await?;
        }
        Ok(())
    }
}

/// The slots in a row that has their columns.
fn stored(row: &PgRow) -> Result<Slots, sqlx::Error> {
    let time = |column| Ok::<_, sqlx::Error>(nanos::to_time(row.try_get(column)?));
    Ok(Slots::new(time("next")?).with_taken_at(time("taken_at")?))
}
