//! Decides which fault a request gets.

use crate::faults::{FaultAction, FaultRule, Faults, Selection};
use crate::platform::Platform;

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
    matched: u64,
    applied: u64,
    rng: fastrand::Rng,
}

impl FaultEngine {
    /// `default_seed` serves when the faults name none.
    pub(crate) fn new(faults: Faults, default_seed: u64) -> Self {
        let seed = faults.seed.unwrap_or(default_seed);
        // A stream of its own per rule: another rule's draws must not shift this one's.
        let state = |index: usize| RuleState {
            matched: 0,
            applied: 0,
            rng: fastrand::Rng::with_seed(
                seed.wrapping_mul(0x9E37_79B9).wrapping_add(index as u64),
            ),
        };
        let states = (0..faults.rules.len()).map(state).collect();
        Self {
            faults,
            states,
            urgent: 0,
        }
    }

    /// Adds a rule after the earlier urgent ones and before all others, whose counters stay.
    pub(crate) fn add_urgent(&mut self, rule: FaultRule, seed: u64) {
        let state = RuleState {
            matched: 0,
            applied: 0,
            rng: fastrand::Rng::with_seed(seed),
        };
        self.faults.rules.insert(self.urgent, rule);
        self.states.insert(self.urgent, state);
        self.urgent += 1;
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The fault of the next request of that operation. Every rule it concerns counts it, also
    /// when an earlier rule wins.
    pub(crate) fn decide(&mut self, platform: Platform, operation: &str) -> Option<FaultAction> {
        let mut winner = None;
        for (rule, state) in self.faults.rules.iter().zip(&mut self.states) {
            if !rule.concerns(platform, operation) {
                continue;
            }
            state.matched += 1;
            let selected = match &rule.selection {
                Selection::Always => true,
                Selection::Nth(numbers) => numbers.contains(&state.matched),
                Selection::Every(n) => state.matched.is_multiple_of(*n),
                Selection::Probability(p) => state.rng.f64() < *p,
            };
            let is_spent = rule.times.is_some_and(|times| state.applied >= times);
            if selected && !is_spent && winner.is_none() {
                state.applied += 1;
                winner = Some(rule.action.clone());
            }
        }
        winner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(engine: &mut FaultEngine, operation: &str, n: usize) -> Vec<u16> {
        let mut one = || match engine.decide(Platform::AcsChat, operation) {
            Some(FaultAction::Status(answer)) => answer.status,
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
    fn the_first_rule_wins_and_later_rules_still_count() {
        let rule = |status| FaultRule::new(FaultAction::status(status));
        let mut faults = engine([rule(500).with_nth([1]), rule(503).with_nth([1, 2])]);
        assert_eq!(statuses(&mut faults, "send", 3), [500, 503, 0]);
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
