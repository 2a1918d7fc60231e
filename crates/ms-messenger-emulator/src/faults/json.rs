//! The JSON form of fault rules: strict, and all problems at once.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::entra::EntraFault;
use crate::faults::rule::FaultStatus;
use crate::faults::{FaultAction, FaultRule, Faults, Selection, UcwaFault, When};
use crate::platform::{Platform, names_operation};

const MAX_DELAY_MS: u64 = 600_000;

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
    match &rule.selection {
        Selection::Always => None,
        Selection::Nth(numbers) => matching.insert("nth".into(), json!(numbers)),
        Selection::Every(n) => matching.insert("every".into(), json!(n)),
        Selection::Probability(p) => matching.insert("probability".into(), json!(p)),
    };
    let mut document = json!({"match": matching, "action": action_to_json(&rule.action)});
    if let Some(times) = rule.times {
        document["times"] = times.into();
    }
    document
}

fn action_to_json(action: &FaultAction) -> Value {
    match action {
        FaultAction::Status(answer) => status_to_json("status", answer),
        FaultAction::StatusAfterStore(answer) => status_to_json("status_after_store", answer),
        FaultAction::Delay { ms } => json!({"kind": "delay", "ms": ms}),
        FaultAction::Close { when } => json!({"kind": "close", "when": when.as_str()}),
        FaultAction::Reset { when } => json!({"kind": "reset", "when": when.as_str()}),
        FaultAction::CutBody { after_bytes } => {
            json!({"kind": "cut_body", "after_bytes": after_bytes})
        }
        FaultAction::MalformedBody => json!({"kind": "malformed_body"}),
        FaultAction::Ucwa(fault) => fault.to_json(),
        FaultAction::Entra(fault) => fault.to_json(),
    }
}

fn status_to_json(kind: &str, answer: &FaultStatus) -> Value {
    let mut document = json!({"kind": kind, "status": answer.status});
    if !answer.headers.is_empty() {
        let pairs = answer.headers.iter().cloned();
        let headers: Map<String, Value> = pairs.map(|(k, v)| (k, v.into())).collect();
        document["headers"] = headers.into();
    }
    if let Some(body) = &answer.body {
        document["body"] = body.clone();
    }
    document
}

#[derive(Default)]
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn problem(&mut self, path: &str, rule: impl fmt::Display) {
        self.problems.push(format!("{path}: {rule}"));
    }

    /// The object at `path`, its members checked against `known`.
    fn object<'a>(
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

    fn whole_number(&mut self, path: &str, value: &Value, from: u64, to: u64) -> Option<u64> {
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

    fn text<'a>(&mut self, path: &str, value: &'a Value) -> Option<&'a str> {
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
        let object = self.object(path, value, &["match", "action", "times"])?;
        let action = match object.get("action") {
            Some(action) => self.action(&join(path, "action"), action),
            None => {
                self.problem(&join(path, "action"), "is required");
                None
            }
        };
        let mut rule = FaultRule::new(action.unwrap_or(FaultAction::MalformedBody));
        if let Some(matching) = object.get("match") {
            self.matching(&join(path, "match"), matching, &mut rule);
        }
        if let Some(times) = object.get("times") {
            rule.times = self.whole_number(&join(path, "times"), times, 1, u64::MAX);
        }
        self.fit(&join(path, "action.kind"), &rule);
        Some(rule)
    }

    /// A kind of UCWA must be meant for an operation that it can do something to.
    fn fit(&mut self, path: &str, rule: &FaultRule) {
        if matches!(rule.action, FaultAction::Entra(_)) {
            let is_of_entra = rule.platform.is_none_or(|p| p == Platform::Entra);
            if !is_of_entra
                || rule
                    .operation
                    .as_deref()
                    .is_some_and(|o| !EntraFault::fits(o))
            {
                let kind = EntraFault::KIND;
                self.problem(path, format_args!("{kind} means nothing for that match"));
            }
        }
        let FaultAction::Ucwa(fault) = &rule.action else {
            return;
        };
        let is_of_ucwa = rule.platform.is_none_or(|p| p == Platform::Ucwa);
        let operation = rule.operation.as_deref();
        if !is_of_ucwa || operation.is_some_and(|pattern| !fault.fits_any(pattern)) {
            let kind = fault.kind();
            self.problem(path, format_args!("{kind} means nothing for that match"));
        }
    }

    fn matching(&mut self, path: &str, value: &Value, rule: &mut FaultRule) {
        let known = [
            "platform",
            "operation",
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
            let at = join(path, "nth");
            let Some(list) = numbers.as_array().filter(|list| !list.is_empty()) else {
                return self.problem(&at, "must be a non-empty array of whole numbers from 1");
            };
            let number = |(i, n)| self.whole_number(&format!("{at}[{i}]"), n, 1, u64::MAX);
            rule.selection = Selection::Nth(list.iter().enumerate().filter_map(number).collect());
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

    fn action(&mut self, path: &str, value: &Value) -> Option<FaultAction> {
        let Some(kind) = value.get("kind").and_then(Value::as_str) else {
            self.problem(&join(path, "kind"), "is required and must be a string");
            return None;
        };
        let members: &[&str] = match kind {
            "status" | "status_after_store" => &["kind", "status", "headers", "body"],
            "delay" => &["kind", "ms"],
            "close" | "reset" => &["kind", "when"],
            "cut_body" => &["kind", "after_bytes"],
            "malformed_body" => &["kind"],
            EntraFault::KIND => EntraFault::MEMBERS,
            _ => return self.ucwa(path, kind, value).map(FaultAction::Ucwa),
        };
        let object = self.object(path, value, members)?;
        let number = |reader: &mut Self, name: &str, from, to| {
            reader.whole_number(
                &join(path, name),
                object.get(name).unwrap_or(&Value::Null),
                from,
                to,
            )
        };
        Some(match kind {
            "status" => FaultAction::Status(self.status(path, object)?),
            "status_after_store" => FaultAction::StatusAfterStore(self.status(path, object)?),
            "delay" => FaultAction::Delay {
                ms: number(self, "ms", 0, MAX_DELAY_MS)?,
            },
            "close" => FaultAction::Close {
                when: self.when(path, object)?,
            },
            "reset" => FaultAction::Reset {
                when: self.when(path, object)?,
            },
            "cut_body" => FaultAction::CutBody {
                after_bytes: number(self, "after_bytes", 0, u64::MAX)?,
            },
            EntraFault::KIND => match EntraFault::read(object) {
                Ok(fault) => FaultAction::Entra(fault),
                Err((member, rule)) => {
                    self.problem(&join(path, member), rule);
                    return None;
                }
            },
            _ => FaultAction::MalformedBody,
        })
    }

    fn ucwa(&mut self, path: &str, kind: &str, value: &Value) -> Option<UcwaFault> {
        let Some(mut fault) = UcwaFault::all().into_iter().find(|f| f.kind() == kind) else {
            let known = "status, status_after_store, delay, close, reset, cut_body, malformed_body, entra_error";
            let ucwa: Vec<&str> = UcwaFault::all().iter().map(UcwaFault::kind).collect();
            let rule = format!("must be one of {known}, {}", ucwa.join(", "));
            self.problem(&join(path, "kind"), rule);
            return None;
        };
        let object = self.object(path, value, fault.members())?;
        if let Err((member, rule)) = fault.fill(object) {
            self.problem(&join(path, member), rule);
        }
        Some(fault)
    }

    fn status(&mut self, path: &str, object: &Map<String, Value>) -> Option<FaultStatus> {
        let status = object.get("status").unwrap_or(&Value::Null);
        let status = self.whole_number(&join(path, "status"), status, 200, 599)?;
        let mut answer = FaultStatus::new(u16::try_from(status).ok()?);
        answer.body = object.get("body").cloned();
        let at = join(path, "headers");
        match object.get("headers") {
            None => {}
            Some(Value::Object(headers)) => {
                for (name, value) in headers {
                    let pair = self.header(&join(&at, name), name, value);
                    answer.headers.extend(pair);
                }
            }
            Some(_) => self.problem(&at, "must be an object of strings"),
        }
        Some(answer)
    }

    fn header(&mut self, path: &str, name: &str, value: &Value) -> Option<(String, String)> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => {
                self.problem(path, "must be a string or a number");
                return None;
            }
        };
        let is_valid =
            http::HeaderName::try_from(name).is_ok() && http::HeaderValue::from_str(&text).is_ok();
        if !is_valid {
            self.problem(path, "is not a valid header");
        }
        Some((name.to_owned(), text))
    }

    fn when(&mut self, path: &str, object: &Map<String, Value>) -> Option<When> {
        match object.get("when").and_then(Value::as_str) {
            Some("before_read") => Some(When::BeforeRead),
            Some("after_read") => Some(When::AfterRead),
            Some("after_store") => Some(When::AfterStore),
            _ => {
                self.problem(
                    &join(path, "when"),
                    "must be one of before_read, after_read, after_store",
                );
                None
            }
        }
    }
}

fn join(path: &str, member: &str) -> String {
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
        ]});
        assert_eq!(Faults::from_json(&document).unwrap().to_json(), document);
    }
}
