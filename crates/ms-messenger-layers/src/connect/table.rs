//! The table form.

use ms_messenger_core::{ErrorKind, Problems, Result};
use serde_json::{Map, Value};

use super::{
    config::{ConnectConfig, MemberConfig, RuleConfig},
    options::shown,
    text,
};

/// The conditions of a rule.
pub(super) const CONDITIONS: [&str; 3] = ["kind", "target", "platform"];

/// Reads the table form, or a text.
///
/// # Errors
///
/// `Config` with every problem of the form. It repeats no value.
pub(super) fn read(value: &Value) -> Result<ConnectConfig> {
    let mut problems = Problems::new();
    let config = messenger(value, "", 0, &mut problems);
    problems.into_result(ErrorKind::Config)?;
    Ok(config)
}

fn at(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn messenger(value: &Value, path: &str, depth: usize, problems: &mut Problems) -> ConnectConfig {
    let here = || if path.is_empty() { "config" } else { path };
    match value {
        _ if depth > text::DEEPEST => problems.add(here(), "compositions are nested too deep"),
        Value::String(text) => match text::parse(text) {
            Ok(config) => return config,
            Err(error) => {
                for problem in error.problems() {
                    problems.add(here(), &problem.rule);
                }
            }
        },
        Value::Object(table) => return of_table(table, path, depth, problems),
        _ => problems.add(here(), "must be a text or a table"),
    }
    ConnectConfig::default()
}

fn of_table(
    table: &Map<String, Value>,
    path: &str,
    depth: usize,
    problems: &mut Problems,
) -> ConnectConfig {
    let mut config = ConnectConfig::default();
    if !table.contains_key("type") {
        problems.add(at(path, "type"), "is missing: the platform or composition");
    }
    for (name, value) in table {
        let field = at(path, &shown(name));
        match (name.as_str(), value) {
            ("type", Value::String(kind)) => config.kind.clone_from(kind),
            ("type", _) => problems.add(field, "must be a text"),
            ("address", Value::String(address)) => config.address = Some(address.clone()),
            ("address", _) => problems.add(field, "must be a text"),
            ("members", Value::Array(members)) => {
                for (index, value) in members.iter().enumerate() {
                    let path = format!("{field}[{index}]");
                    let member = member(value, &path, depth, problems);
                    config.members.push(member);
                }
            }
            ("members", _) => problems.add(field, "must be a list"),
            ("messenger", value) => config.members.push(MemberConfig {
                messenger: messenger(value, &field, depth + 1, problems),
                ..MemberConfig::default()
            }),
            (name, value) => match scalar(value) {
                Some(value) => config.options.push((name.to_owned(), value)),
                None => problems.add(field, "must be a text, a number, or true or false"),
            },
        }
    }
    config
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn member(value: &Value, path: &str, depth: usize, problems: &mut Problems) -> MemberConfig {
    let mut member = MemberConfig::default();
    let Value::Object(table) = value else {
        problems.add(path, "must be a table");
        return member;
    };
    let mut own_rule = RuleConfig::new();
    for (name, value) in table {
        let field = at(path, &shown(name));
        match (name.as_str(), value) {
            ("name", Value::String(name)) => member.name = Some(name.clone()),
            ("to", Value::String(to)) => member.to = Some(to.clone()),
            ("messenger", value) => {
                member.messenger = messenger(value, &field, depth + 1, problems);
            }
            ("rules", Value::Array(rules)) => {
                for (index, value) in rules.iter().enumerate() {
                    let path = format!("{field}[{index}]");
                    member.rules.push(rule(value, &path, problems));
                }
            }
            (name, Value::String(value)) if CONDITIONS.contains(&name) => {
                own_rule.push((name.to_owned(), value.clone()));
            }
            ("name" | "to" | "kind" | "target" | "platform", _) => {
                problems.add(field, "must be a text");
            }
            ("rules", _) => problems.add(field, "must be a list"),
            _ => problems.add(
                field,
                "is unknown here: a member has name, to, messenger, rules, kind, target and platform",
            ),
        }
    }
    if !table.contains_key("messenger") {
        problems.add(at(path, "messenger"), "is missing");
    }
    if !own_rule.is_empty() {
        member.rules.push(own_rule);
    }
    member
}

fn rule(value: &Value, path: &str, problems: &mut Problems) -> RuleConfig {
    let Value::Object(table) = value else {
        problems.add(path, "must be a table");
        return RuleConfig::new();
    };
    let mut rule = RuleConfig::new();
    for (name, value) in table {
        match value {
            // Which names there are is checked when it is connected, as for a text.
            Value::String(value) => rule.push((name.clone(), value.clone())),
            _ => problems.add(at(path, &shown(name)), "must be a text"),
        }
    }
    rule
}
