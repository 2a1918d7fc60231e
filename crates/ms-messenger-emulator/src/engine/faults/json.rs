//! The JSON form of fault rules: strict, and all problems at once.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value, json};

use crate::engine::{
    description::Catalog,
    faults::{
        action::FaultAction,
        plan::Plan,
        plan_json::plan_to_json,
        reader::{Reader, join},
        rule::{FaultRule, Faults, Selection},
    },
    platform::Platform,
    strict_json,
};

/// Error returned when a fault document is invalid: every problem with the path of its member.
///
/// ```
/// use ms_messenger_emulator::Faults;
///
/// let document = serde_json::json!({"rules": [{"action": {"kind": "delay", "ms": -1}}]});
/// let error = Faults::from_json(&document).unwrap_err();
/// assert_eq!(error.problems, ["rules[0].action.ms: must be a whole number from 0 to 600000"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseFaultsError {
    /// One line per problem, for example ``rules[0].match.every: must be a whole number from 1``.
    pub problems: Vec<String>,
}

impl fmt::Display for ParseFaultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid faults: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ParseFaultsError {}

impl FromStr for Faults {
    type Err = ParseFaultsError;

    /// Reads the text of a document, as [`Faults::from_json`] does, in which each member is given once.
    fn from_str(text: &str) -> Result<Self, ParseFaultsError> {
        let document = strict_json::read(text.as_bytes()).map_err(|error| ParseFaultsError {
            problems: vec![error.to_string()],
        })?;
        Self::from_json(&document)
    }
}

impl Faults {
    /// Reads the document of `PUT /_emulator/faults` for the services of `catalog`.
    pub(crate) fn read(value: &Value, catalog: Catalog<'_>) -> Result<Self, ParseFaultsError> {
        let mut reader = Reader::new(catalog);
        let faults = reader.faults(value);
        if reader.problems.is_empty() {
            Ok(faults)
        } else {
            Err(ParseFaultsError {
                problems: reader.problems,
            })
        }
    }

    /// Returns the document that [`Faults::from_json`] reads.
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

impl Reader<'_> {
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
            let catalog = self.catalog;
            rule.platform = self.text(&at, name).and_then(|name| catalog.platform(name));
            if name.is_string() && rule.platform.is_none() {
                let known = catalog.names();
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
        let catalog = self.catalog;
        if !catalog.has_operation(platform, name) {
            let all = catalog.of(platform).flat_map(|service| service.operations);
            // Platforms have operations of the same name.
            let mut names: Vec<&str> = Vec::new();
            for name in all {
                if !names.contains(name) {
                    names.push(name);
                }
            }
            self.problem(path, format_args!("must be one of {}", names.join(", ")));
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
