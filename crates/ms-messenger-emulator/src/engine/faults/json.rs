//! The JSON form of fault rules: strict, and all problems at once.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::engine::faults::plan::Plan;
use crate::engine::faults::plan_json::plan_to_json;
use crate::engine::faults::{FaultAction, FaultRule, Faults, Selection};
use crate::engine::platform::{Platform, names_operation};

/// Why a fault document is refused: every problem with the path of its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidFaults {
    /// One line per problem, for example ``rules[0].match.every: must be a whole number from 1``.
    pub problems: Vec<String>,
}

impl fmt::Display for InvalidFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid faults: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidFaults {}

impl Faults {
    /// Reads the document of `PUT /_emulator/faults`.
    ///
    /// # Errors
    ///
    /// [`InvalidFaults`] names each member that is unknown, missing or breaks its rule.
    pub fn from_json(value: &Value) -> Result<Self, InvalidFaults> {
        let mut reader = Reader::default();
        let faults = reader.faults(value);
        if reader.problems.is_empty() {
            Ok(faults)
        } else {
            Err(InvalidFaults {
                problems: reader.problems,
            })
        }
    }

    /// The document that [`Faults::from_json`] reads back.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rules: Vec<Value> = self.rules.iter().map(rule_to_json).collect();
        let mut document = json!({ "rules": rules });
        if let Some(seed) = self.seed {
            document["seed"] = seed.into();
        }
        document
    }
}

fn rule_to_json(rule: &FaultRule) -> Value {
    let mut matching = Map::new();
    if let Some(platform) = rule.platform {
        matching.insert("platform".into(), platform.as_str().into());
    }
    if let Some(operation) = &rule.operation {
        matching.insert("operation".into(), operation.as_str().into());
    }
    if !rule.attempts.is_empty() {
        matching.insert("attempt".into(), json!(rule.attempts));
    }
    match &rule.selection {
        Selection::Always => None,
        Selection::Nth(numbers) => matching.insert("nth".into(), json!(numbers)),
        Selection::Every(n) => matching.insert("every".into(), json!(n)),
        Selection::Probability(p) => matching.insert("probability".into(), json!(p)),
    };
    let mut document = plan_to_json(&rule.plan);
    document["match"] = matching.into();
    if let Some(times) = rule.times {
        document["times"] = times.into();
    }
    document
}

#[derive(Default)]
pub(super) struct Reader {
    problems: Vec<String>,
}

impl Reader {
    pub(super) fn problem(&mut self, path: &str, rule: impl fmt::Display) {
        self.problems.push(format!("{path}: {rule}"));
    }

    /// The object at `path`, its members checked against `known`.
    pub(super) fn object<'a>(
        &mut self,
        path: &str,
        value: &'a Value,
        known: &[&str],
    ) -> Option<&'a Map<String, Value>> {
        let Some(object) = value.as_object() else {
            self.problem(path, "must be an object");
            return None;
        };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            self.problem(
                &join(path, name),
                format_args!("is unknown here; known: {known}"),
            );
        }
        Some(object)
    }

    pub(super) fn whole_number(
        &mut self,
        path: &str,
        value: &Value,
        from: u64,
        to: u64,
    ) -> Option<u64> {
        let number = value.as_u64().filter(|n| (from..=to).contains(n));
        if number.is_none() {
            let limit = if to == u64::MAX {
                String::new()
            } else {
                format!(" to {to}")
            };
            self.problem(
                path,
                format_args!("must be a whole number from {from}{limit}"),
            );
        }
        number
    }

    pub(super) fn text<'a>(&mut self, path: &str, value: &'a Value) -> Option<&'a str> {
        if !value.is_string() {
            self.problem(path, "must be a string");
        }
        value.as_str()
    }

    fn faults(&mut self, value: &Value) -> Faults {
        let mut faults = Faults::new();
        let Some(object) = self.object("$", value, &["seed", "rules"]) else {
            return faults;
        };
        if let Some(seed) = object.get("seed") {
            faults.seed = self.whole_number("seed", seed, 0, u64::MAX);
        }
        match object.get("rules").map(Value::as_array) {
            Some(Some(rules)) => {
                let rules = rules.iter().enumerate();
                faults.rules = rules
                    .filter_map(|(i, rule)| self.rule(&format!("rules[{i}]"), rule))
                    .collect();
            }
            Some(None) => self.problem("rules", "must be an array"),
            None => self.problem("rules", "is required"),
        }
        faults
    }

    fn rule(&mut self, path: &str, value: &Value) -> Option<FaultRule> {
        let known = ["match", "action", "schedule", "repeat", "weighted", "times"];
        let object = self.object(path, value, &known)?;
        let plan = self.plan(path, object);
        let mut rule = FaultRule::of(plan.unwrap_or(Plan::Always(FaultAction::MalformedBody)));
        if let Some(matching) = object.get("match") {
            self.matching(&join(path, "match"), matching, &mut rule);
        }
        if let Some(times) = object.get("times") {
            rule.times = self.whole_number(&join(path, "times"), times, 1, u64::MAX);
        }
        self.fit(path, &rule);
        Some(rule)
    }

    fn matching(&mut self, path: &str, value: &Value, rule: &mut FaultRule) {
        let known = [
            "platform",
            "operation",
            "attempt",
            "nth",
            "every",
            "probability",
            "times",
        ];
        let Some(object) = self.object(path, value, &known) else {
            return;
        };
        if let Some(name) = object.get("platform") {
            let at = join(path, "platform");
            rule.platform = self.text(&at, name).and_then(Platform::from_name);
            if name.is_string() && rule.platform.is_none() {
                let known = Platform::ALL.map(Platform::as_str).join(", ");
                self.problem(&at, format_args!("must be one of {known}"));
            }
        }
        if let Some(name) = object.get("operation") {
            rule.operation = self.operation(&join(path, "operation"), name, rule.platform);
        }
        if let Some(times) = object.get("times") {
            rule.times = self.whole_number(&join(path, "times"), times, 1, u64::MAX);
        }
        self.selection(path, object, rule);
    }

    fn operation(
        &mut self,
        path: &str,
        value: &Value,
        platform: Option<Platform>,
    ) -> Option<String> {
        let name = self.text(path, value)?;
        let platforms = platform.map_or(Platform::ALL.to_vec(), |p| vec![p]);
        let mut known = platforms.iter().flat_map(|p| p.operations());
        if !known.any(|operation| names_operation(name, operation)) {
            let all: Vec<&str> = platforms
                .iter()
                .flat_map(|p| p.operations())
                .copied()
                .collect();
            self.problem(path, format_args!("must be one of {}", all.join(", ")));
        }
        Some(name.to_owned())
    }

    fn numbers(&mut self, path: &str, value: &Value) -> Vec<u64> {
        let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
            self.problem(path, "must be a non-empty array of whole numbers from 1");
            return Vec::new();
        };
        let number = |(i, n)| self.whole_number(&format!("{path}[{i}]"), n, 1, u64::MAX);
        list.iter().enumerate().filter_map(number).collect()
    }

    fn selection(&mut self, path: &str, object: &Map<String, Value>, rule: &mut FaultRule) {
        let chosen: Vec<&str> = ["nth", "every", "probability"]
            .into_iter()
            .filter(|name| object.contains_key(*name))
            .collect();
        if chosen.len() > 1 {
            let chosen = chosen.join(", ");
            self.problem(
                path,
                format_args!("takes one of nth, every, probability, not {chosen}"),
            );
        }
        if let Some(numbers) = object.get("nth") {
            rule.selection = Selection::Nth(self.numbers(&join(path, "nth"), numbers));
        }
        if let Some(numbers) = object.get("attempt") {
            rule.attempts = self.numbers(&join(path, "attempt"), numbers);
        }
        if let Some(n) = object.get("every")
            && let Some(n) = self.whole_number(&join(path, "every"), n, 1, u64::MAX)
        {
            rule.selection = Selection::Every(n);
        }
        if let Some(p) = object.get("probability") {
            match p.as_f64().filter(|p| (0.0..=1.0).contains(p)) {
                Some(p) => rule.selection = Selection::Probability(p),
                None => self.problem(&join(path, "probability"), "must be a number from 0 to 1"),
            }
        }
    }
}

pub(super) fn join(path: &str, member: &str) -> String {
    if path == "$" {
        member.to_owned()
    } else {
        format!("{path}.{member}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_named_with_its_member() {
        let document = json!({"rules": [
            {"match": {"platform": "slack", "nth": [0]}, "action": {"kind": "status"}},
            {"match": {"operation": "sned", "every": 0}, "action": {"kind": "explode"}},
            {"when": 1, "action": {"kind": "close", "when": "later"}},
        ]});
        let problems = Faults::from_json(&document).unwrap_err().problems;
        let paths: Vec<&str> = problems
            .iter()
            .filter_map(|p| p.split(": ").next())
            .collect();
        assert_eq!(
            paths,
            [
                "rules[0].action.status",
                "rules[0].match.platform",
                "rules[0].match.nth[0]",
                "rules[1].action.kind",
                "rules[1].match.operation",
                "rules[1].match.every",
                "rules[2].when",
                "rules[2].action.when",
            ]
        );
    }

    #[test]
    fn a_document_is_written_back_as_it_was_read() {
        let document = json!({"seed": 7, "rules": [
            {"match": {"platform": "msgraph-chat", "operation": "send", "nth": [1, 3]},
             "action": {"kind": "status", "status": 429, "headers": {"retry-after-ms": "20"}, "body": {"a": 1}}},
            {"match": {"probability": 0.25}, "times": 2, "action": {"kind": "status_after_store", "status": 504}},
            {"match": {"every": 2}, "action": {"kind": "delay", "ms": 200}},
            {"match": {}, "action": {"kind": "close", "when": "before_read"}},
            {"match": {}, "action": {"kind": "reset", "when": "after_store"}},
            {"match": {}, "action": {"kind": "cut_body", "after_bytes": 10}},
            {"match": {}, "action": {"kind": "malformed_body"}},
            {"match": {}, "action": {"kind": "reset", "after_bytes": 0}},
            {"match": {}, "action": {"kind": "slow_body", "pieces": 4, "ms": 10}},
            {"match": {}, "action": {"kind": "duplicate_answer"}},
            {"match": {}, "action": {"kind": "go_away", "when": "before_read"}},
            {"match": {}, "action": {"kind": "token_expiry"}},
            {"match": {}, "action": {"kind": "claims_challenge", "claims": "{}"}},
            {"match": {}, "schedule": [null, {"kind": "delay", "ms": 1}]},
            {"match": {}, "schedule": [{"kind": "delay", "ms": 1}], "repeat": true},
            {"match": {}, "times": 3, "weighted": [
                {"weight": 3, "action": {"kind": "malformed_body"}}, {"weight": 7, "action": null}]},
        ]});
        assert_eq!(Faults::from_json(&document).unwrap().to_json(), document);
    }
}
