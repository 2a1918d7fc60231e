//! The JSON form of what a rule does: `action`, `schedule` or `weighted`.

use serde_json::{Map, Value, json};

use crate::engine::faults::{
    action::FaultAction,
    action_json::action_to_json,
    plan::Plan,
    reader::{Reader, join},
    rule::FaultRule,
};

/// The members of a rule that say what it does.
pub(super) fn plan_to_json(plan: &Plan) -> Value {
    let optional = |action: &Option<FaultAction>| action.as_ref().map(action_to_json);
    match plan {
        Plan::Always(action) => json!({"action": action_to_json(action)}),
        Plan::Schedule {
            actions,
            is_repeated,
        } => {
            let actions: Vec<Option<Value>> = actions.iter().map(optional).collect();
            let mut document = json!({ "schedule": actions });
            if *is_repeated {
                document["repeat"] = true.into();
            }
            document
        }
        Plan::Weighted(choices) => {
            let choice = |(weight, action): &(u32, Option<FaultAction>)| json!({"weight": weight, "action": optional(action)});
            let choices: Vec<Value> = choices.iter().map(choice).collect();
            json!({ "weighted": choices })
        }
    }
}

impl Reader<'_> {
    /// What the rule at `path` does; exactly one of three members says it.
    pub(super) fn plan(&mut self, path: &str, rule: &Map<String, Value>) -> Option<Plan> {
        let chosen: Vec<&str> = ["action", "schedule", "weighted"]
            .into_iter()
            .filter(|name| rule.contains_key(*name))
            .collect();
        if rule.contains_key("repeat") && !chosen.contains(&"schedule") {
            self.problem(&join(path, "repeat"), "needs a schedule");
        }
        match chosen.as_slice() {
            [] => {
                self.problem(&join(path, "action"), "is required");
                None
            }
            ["action"] => {
                let action = self.action(&join(path, "action"), &rule["action"]);
                action.map(Plan::Always)
            }
            ["schedule"] => self.schedule(path, rule),
            ["weighted"] => self.weighted(&join(path, "weighted"), &rule["weighted"]),
            several => {
                let several = several.join(", ");
                let message = format!("takes one of action, schedule, weighted, not {several}");
                self.problem(path, message);
                None
            }
        }
    }

    fn schedule(&mut self, path: &str, rule: &Map<String, Value>) -> Option<Plan> {
        let is_repeated = match rule.get("repeat") {
            None => false,
            Some(Value::Bool(is_repeated)) => *is_repeated,
            Some(_) => {
                self.problem(&join(path, "repeat"), "must be true or false");
                false
            }
        };
        let path = join(path, "schedule");
        let list = self.list(
            &path,
            &rule["schedule"],
            "must be a non-empty array of actions or null",
        )?;
        let actions = list.iter().enumerate();
        let actions: Vec<Option<FaultAction>> = actions
            .map(|(i, action)| self.optional_action(&format!("{path}[{i}]"), action))
            .collect();
        if list.iter().all(Value::is_null) {
            self.problem(&path, "needs at least one action");
        }
        Some(Plan::Schedule {
            actions,
            is_repeated,
        })
    }

    fn weighted(&mut self, path: &str, value: &Value) -> Option<Plan> {
        let list = self.list(path, value, "must be a non-empty array of {weight, action}")?;
        let mut choices = Vec::new();
        for (i, choice) in list.iter().enumerate() {
            let path = format!("{path}[{i}]");
            let Some(choice) = self.object(&path, choice, &["weight", "action"]) else {
                continue;
            };
            let weight = choice.get("weight").unwrap_or(&Value::Null);
            let weight = self.whole_number(&join(&path, "weight"), weight, 0, u64::from(u32::MAX));
            let path = join(&path, "action");
            let action = match choice.get("action") {
                Some(action) => self.optional_action(&path, action),
                None => {
                    self.problem(&path, "is required; null leaves the request alone");
                    None
                }
            };
            let weight = weight.and_then(|weight| u32::try_from(weight).ok());
            choices.push((weight.unwrap_or_default(), action));
        }
        let is_void = list.iter().all(|choice| choice["weight"] == 0);
        if is_void {
            self.problem(path, "needs at least one weight above 0");
        }
        if list.iter().all(|choice| choice["action"].is_null()) {
            self.problem(path, "needs at least one action");
        }
        Some(Plan::Weighted(choices))
    }

    fn list<'a>(&mut self, path: &str, value: &'a Value, rule: &str) -> Option<&'a Vec<Value>> {
        let list = value.as_array().filter(|list| !list.is_empty());
        if list.is_none() {
            self.problem(path, rule);
        }
        list
    }

    fn optional_action(&mut self, path: &str, value: &Value) -> Option<FaultAction> {
        if value.is_null() {
            return None;
        }
        self.action(path, value)
    }

    /// Each action must be meant for an operation that it can do something to.
    pub(super) fn fit(&mut self, path: &str, rule: &FaultRule) {
        let catalog = self.catalog;
        let action = |at: String, action: &FaultAction| {
            let operation = rule.operation.as_deref();
            let fits = action.fits_any(catalog, rule.platform, operation);
            (!fits).then(|| (at, action_to_json(action)))
        };
        let misfits: Vec<(String, Value)> = match &rule.plan {
            Plan::Always(only) => action(join(path, "action"), only).into_iter().collect(),
            Plan::Schedule { actions, .. } => {
                let actions = actions.iter().enumerate();
                let one = |(i, a): (usize, &Option<FaultAction>)| {
                    action(format!("{path}.schedule[{i}]"), a.as_ref()?)
                };
                actions.filter_map(one).collect()
            }
            Plan::Weighted(choices) => {
                let choices = choices.iter().enumerate();
                let one = |(i, (_, a)): (usize, &(u32, Option<FaultAction>))| {
                    action(format!("{path}.weighted[{i}].action"), a.as_ref()?)
                };
                choices.filter_map(one).collect()
            }
        };
        for (at, action) in misfits {
            let kind = action["kind"].as_str().unwrap_or_default();
            let at = join(&at, "kind");
            self.problem(&at, format_args!("{kind} means nothing for that match"));
        }
    }
}
