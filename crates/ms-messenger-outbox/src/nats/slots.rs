//! Which of the messages that are due go now, by the rates of their route and targets.

use std::{collections::HashMap, time::SystemTime};

use super::{
    core::Stored,
    index::At,
    record::{LaneRecord, RouteRecord},
};
use crate::{envelope::Hash, state::State, store::Claim};

/// What a claim does.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The messages that go.
    pub(super) leased: Vec<Stored>,
    /// The messages that have got a slot, and wait for it.
    pub(super) delayed: Vec<Stored>,
    pub(super) route: At<RouteRecord>,
    pub(super) is_route_changed: bool,
    pub(super) lanes: HashMap<Hash, At<LaneRecord>>,
    pub(super) changed_lanes: Vec<Hash>,
    pub(super) next_at: Option<SystemTime>,
}

/// Why a message does not go yet.
enum Wait {
    Route(SystemTime),
    Target(SystemTime),
}

impl Plan {
    pub(super) fn note(&mut self, at: SystemTime) {
        self.next_at = Some(self.next_at.map_or(at, |it| it.min(at)));
    }

    /// Decides about messages that wait, the longest due first.
    pub(super) fn fill(&mut self, claim: &Claim, candidates: Vec<Stored>) {
        for mut stored in candidates {
            if self.leased.len() >= claim.limit as usize {
                self.note(claim.now);
                return;
            }
            match self.admit(claim, &mut stored) {
                Ok(()) => {
                    stored.record.head.lease_to(&claim.worker);
                    self.leased.push(stored);
                }
                Err(Wait::Target(at)) => {
                    self.note(at);
                    self.delayed.push(stored);
                }
                Err(Wait::Route(at)) => {
                    self.note(at);
                    return;
                }
            }
        }
    }

    /// Takes the slots of a message, or says when it has one.
    fn admit(&mut self, claim: &Claim, stored: &mut Stored) -> Result<(), Wait> {
        let head = &mut stored.record.head;
        if head.state != State::Queued || head.expires_at <= claim.now {
            return Ok(());
        }
        // The route first: a message that gets a slot of its target is written either way.
        if let Some(rate) = claim.budget.route {
            let mut slots = self.route.value.slots();
            if slots.take(rate, claim.now, 1) == 0 {
                return Err(Wait::Route(slots.free_at(rate, claim.now)));
            }
        }
        if let Some(rate) = claim.budget.target.filter(|_| !head.has_slot) {
            let lane = self.lanes.entry(head.lane).or_default();
            let mut slots = lane.value.slots();
            let at = slots.reserve(rate, claim.now);
            lane.value.set_slots(slots);
            if !self.changed_lanes.contains(&head.lane) {
                self.changed_lanes.push(head.lane);
            }
            head.has_slot = true;
            if at > claim.now {
                head.wait_for_slot(at, claim.now);
                return Err(Wait::Target(head.due_at));
            }
        }
        if let Some(rate) = claim.budget.route {
            let mut slots = self.route.value.slots();
            slots.take(rate, claim.now, 1);
            self.route.value.set_slots(slots);
            self.is_route_changed = true;
        }
        Ok(())
    }
}
