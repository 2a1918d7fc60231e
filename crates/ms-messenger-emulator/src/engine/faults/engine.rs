//! Decides which fault a request gets.

use std::collections::HashMap;

use crate::engine::{
    description::Description,
    faults::{
        action::FaultAction,
        rule::{FaultRule, Faults, Selection},
    },
};

/// The rules with their counters. Deterministic: the same seed and the same requests, the same faults.
#[derive(Debug, Default)]
pub(crate) struct FaultEngine {
    faults: Faults,
    states: Vec<RuleState>,
    /// How many rules at the front are urgent ones.
    urgent: usize,
}

#[derive(Debug)]
struct RuleState {
    /// The attempts of each call, where the rule selects by attempt.
    attempts: HashMap<String, u64>,
    matched: u64,
    /// How many of these the rule's selection took.
    taken: u64,
    applied: u64,
    rng: fastrand::Rng,
}

impl RuleState {
    fn new(seed: u64) -> Self {
        Self {
            attempts: HashMap::new(),
            matched: 0,
            taken: 0,
            applied: 0,
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    /// The state of the rule at `index`. It has a stream of its own: another rule's draws must not
    /// shift this one's.
    fn of(seed: u64, index: usize) -> Self {
        Self::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(index as u64))
    }

    /// The number of this attempt in its call, from 1.
    fn attempt(&mut self, call: Option<&str>) -> u64 {
        let Some(call) = call else { return 1 };
        match self.attempts.get_mut(call) {
            Some(attempts) => {
                *attempts += 1;
                *attempts
            }
            None => {
                self.attempts.insert(call.to_owned(), 1);
                1
            }
        }
    }
}

impl FaultEngine {
    /// `default_seed` serves when the faults name none.
    pub(crate) fn new(faults: Faults, default_seed: u64) -> Self {
        let seed = faults.seed.unwrap_or(default_seed);
        let state = |index| RuleState::of(seed, index);
        let states = (0..faults.rules.len()).map(state).collect();
        Self {
            faults,
            states,
            urgent: 0,
        }
    }

    /// Adds a rule after the earlier urgent ones and before all others, whose counters stay.
    pub(crate) fn add_urgent(&mut self, rule: FaultRule, seed: u64) {
        let state = RuleState::new(seed);
        self.faults.rules.insert(self.urgent, rule);
        self.states.insert(self.urgent, state);
        self.urgent += 1;
    }

    /// Adds rules after all others, whose counters stay; each draws from a stream of its own.
    pub(crate) fn add(&mut self, faults: Faults, default_seed: u64) {
        let seed = faults.seed.or(self.faults.seed).unwrap_or(default_seed);
        for rule in faults.rules {
            self.states.push(RuleState::of(seed, self.states.len()));
            self.faults.rules.push(rule);
        }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How often each rule was applied, in their order.
    pub(crate) fn applied(&self) -> Vec<u64> {
        self.states.iter().map(|state| state.applied).collect()
    }

    /// Whether a rule counts requests of that operation.
    pub(crate) fn concern(&self, service: &Description, operation: &str) -> bool {
        let mut rules = self.faults.rules.iter();
        rules.any(|rule| rule.concerns(service, operation))
    }

    /// The fault for the next request of that operation, an attempt of `call` (its client request
    /// id). Every rule that matches counts it, even if an earlier rule wins.
    pub(crate) fn decide(
        &mut self,
        service: &Description,
        operation: &str,
        call: Option<&str>,
    ) -> Option<FaultAction> {
        let mut winner = None;
        for (rule, state) in self.faults.rules.iter().zip(&mut self.states) {
            if !rule.concerns(service, operation) {
                continue;
            }
            if !rule.attempts.is_empty() && !rule.attempts.contains(&state.attempt(call)) {
                continue;
            }
            state.matched += 1;
            let selected = match &rule.selection {
                Selection::Always => true,
                Selection::Nth(numbers) => numbers.contains(&state.matched),
                Selection::Every(n) => state.matched.is_multiple_of(*n),
                Selection::Probability(p) => state.rng.f64() < *p,
            };
            if !selected {
                continue;
            }
            state.taken += 1;
            let action = rule.plan.pick(state.taken, &mut state.rng);
            let action = action.filter(|action| action.fits(service, operation));
            let is_spent = rule.times.is_some_and(|times| state.applied >= times);
            if action.is_some() && !is_spent && winner.is_none() {
                state.applied += 1;
                winner = action.cloned();
            }
        }
        winner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::platform::Platform;

    const SERVICE: Description =
        Description::new(Platform::new("test"), &["send", "send.reply", "list"]);

    fn statuses(engine: &mut FaultEngine, operation: &str, n: usize) -> Vec<u16> {
        let mut one = || match engine.decide(&SERVICE, operation, None) {
            Some(FaultAction::Status(response)) => response.status,
            _ => 0,
        };
        (0..n).map(|_| one()).collect()
    }

    fn engine(rules: impl IntoIterator<Item = FaultRule>) -> FaultEngine {
        let faults = rules.into_iter().fold(Faults::new(), Faults::with_rule);
        FaultEngine::new(faults, 1)
    }

    #[test]
    fn nth_every_and_times_count_matching_requests_only() {
        let rule = |status| FaultRule::new(FaultAction::status(status)).with_operation("send");
        let mut faults = engine([
            rule(501).with_nth([1, 3]),
            rule(502).with_every(2).with_times(1),
        ]);
        assert_eq!(statuses(&mut faults, "list", 2), [0, 0]);
        assert_eq!(
            statuses(&mut faults, "send.reply", 5),
            [501, 502, 501, 0, 0]
        );
    }

    #[test]
    fn attempts_are_counted_by_the_id_of_their_call() {
        let rule = FaultRule::new(FaultAction::status(503)).with_attempts([2, 3]);
        let mut faults = engine([rule.with_operation("send")]);
        let mut strikes = |operation, call| faults.decide(&SERVICE, operation, call).is_some();
        assert!(!strikes("send", Some("a")));
        assert!(
            !strikes("list", Some("a")),
            "another operation is no attempt"
        );
        assert!(!strikes("send", Some("b")));
        assert!(strikes("send", Some("a")));
        assert!(strikes("send", Some("b")));
        assert!(strikes("send", Some("a")));
        assert!(!strikes("send", Some("a")));
        assert!(!strikes("send", None) && !strikes("send", None));
    }

    #[test]
    fn the_first_rule_wins_and_later_rules_still_count() {
        let rule = |status| FaultRule::new(FaultAction::status(status));
        let mut faults = engine([rule(500).with_nth([1]), rule(503).with_nth([1, 2])]);
        assert_eq!(statuses(&mut faults, "send", 3), [500, 503, 0]);
    }

    #[test]
    fn a_schedule_gives_each_request_its_own_action_and_ends_or_repeats() {
        let actions = || {
            [
                Some(FaultAction::status(500)),
                None,
                Some(FaultAction::status(503)),
            ]
        };
        let mut once = engine([FaultRule::scheduled(actions()).with_operation("send")]);
        assert_eq!(statuses(&mut once, "list", 1), [0]);
        assert_eq!(statuses(&mut once, "send", 5), [500, 0, 503, 0, 0]);
        let mut again = engine([FaultRule::scheduled(actions()).with_repeat(true)]);
        assert_eq!(statuses(&mut again, "send", 5), [500, 0, 503, 500, 0]);
        let mut thinned = engine([FaultRule::scheduled(actions()).with_every(2).with_times(1)]);
        assert_eq!(statuses(&mut thinned, "send", 7), [0, 500, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn requests_without_a_scheduled_action_go_to_the_next_rule() {
        let first = FaultRule::scheduled([None, Some(FaultAction::status(500))]);
        let second = FaultRule::new(FaultAction::status(429));
        assert_eq!(
            statuses(&mut engine([first, second]), "send", 3),
            [429, 500, 429]
        );
    }

    #[test]
    fn weights_are_drawn_from_the_seed() {
        let draw = |seed| {
            let weighted = [
                (3, Some(FaultAction::status(503))),
                (7, None),
                (0, Some(FaultAction::status(500))),
            ];
            let faults = Faults::new()
                .with_seed(seed)
                .with_rule(FaultRule::weighted(weighted));
            statuses(&mut FaultEngine::new(faults, 0), "send", 1000)
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let count = |status| draw(7).into_iter().filter(|s| *s == status).count();
        assert!((230..370).contains(&count(503)), "{}", count(503));
        assert_eq!(count(500), 0);
        let mut nothing = engine([FaultRule::weighted([])]);
        assert_eq!(statuses(&mut nothing, "send", 2), [0, 0]);
    }

    #[test]
    fn probabilities_follow_the_seed() {
        let draw = |seed| {
            let rule = FaultRule::new(FaultAction::status(503)).with_probability(0.5);
            let faults = Faults::new().with_seed(seed).with_rule(rule);
            statuses(&mut FaultEngine::new(faults, 0), "send", 64)
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).iter().filter(|s| **s == 503).count();
        assert!((16..48).contains(&hits), "{hits}");
    }
}
