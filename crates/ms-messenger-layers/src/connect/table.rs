//! The table form.

use std::collections::HashSet;

use ms_messenger_core::{ErrorKind, Problems, Result};

use super::{
    compositions::Kind,
    config::{ConnectConfig, MemberConfig, RuleConfig},
    node::Node,
    options::shown,
    text,
};

/// The conditions of a rule.
pub(super) const CONDITIONS: [&str; 3] = ["kind", "target", "platform"];

type Table = [(String, Node)];

/// Reads the table form, or a text.
///
/// # Errors
///
/// `Config` with every problem of the form. It repeats no value.
pub(super) fn read(value: &Node) -> Result<ConnectConfig> {
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

fn messenger(value: &Node, path: &str, depth: usize, problems: &mut Problems) -> ConnectConfig {
    let here = || if path.is_empty() { "config" } else { path };
    match value {
        _ if depth > text::DEEPEST => problems.add(here(), "compositions are nested too deep"),
        Node::Table(table) => return of_table(table, path, depth, problems),
        _ => match value.as_text().map(text::parse) {
            Some(Ok(config)) => return config,
            Some(Err(error)) => {
                for problem in error.problems() {
                    problems.add(here(), &problem.rule);
                }
            }
            None => problems.add(here(), "must be a text or a table"),
        },
    }
    ConnectConfig::default()
}

/// The text of a member of a table.
fn text_of(node: &Node, field: &str, problems: &mut Problems) -> Option<String> {
    let text = node.as_text().map(str::to_owned);
    problems.add_if(text.is_none(), field, "must be a text");
    text
}

/// Adds the members of a table that are given twice.
fn find_repeated(table: &Table, path: &str, problems: &mut Problems) {
    let mut names = HashSet::new();
    for (name, _) in table {
        let is_repeated = !names.insert(name);
        problems.add_if(is_repeated, &at(path, &shown(name)), "is given twice");
    }
}

fn of_table(table: &Table, path: &str, depth: usize, problems: &mut Problems) -> ConnectConfig {
    let mut config = ConnectConfig::default();
    find_repeated(table, path, problems);
    if !table.iter().any(|(name, _)| name == "type") {
        problems.add(at(path, "type"), "is missing: the platform or composition");
    }
    for (name, value) in table {
        let field = at(path, &shown(name));
        match (name.as_str(), value) {
            ("type", value) => config.kind = text_of(value, &field, problems).unwrap_or_default(),
            ("address", value) => config.address = text_of(value, &field, problems),
            ("members", Node::List(members)) => {
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
            (name, Node::Scalar { text, .. }) => {
                config.options.push((name.to_owned(), text.clone()));
            }
            _ => problems.add(field, "must be a text, a number, or true or false"),
        }
    }
    find_misplaced(table, &config.kind, path, problems);
    config
}

/// Adds a list of members where one messenger belongs, and the reverse.
fn find_misplaced(table: &Table, kind: &str, path: &str, problems: &mut Problems) {
    let Some(kind) = Kind::named(kind) else {
        return;
    };
    let (misplaced, rule) = if kind.is_wrapper() {
        (
            "members",
            "is unknown here: one messenger is given as `messenger`",
        )
    } else {
        (
            "messenger",
            "is unknown here: messengers are given as `members`",
        )
    };
    let is_given = table.iter().any(|(name, _)| name == misplaced);
    problems.add_if(is_given, &at(path, misplaced), rule);
}

fn member(value: &Node, path: &str, depth: usize, problems: &mut Problems) -> MemberConfig {
    let mut member = MemberConfig::default();
    let Node::Table(table) = value else {
        problems.add(path, "must be a table");
        return member;
    };
    find_repeated(table, path, problems);
    let mut own_rule = RuleConfig::new();
    for (name, value) in table {
        let field = at(path, &shown(name));
        match (name.as_str(), value) {
            ("name", value) => member.name = text_of(value, &field, problems),
            ("to", value) => member.to = text_of(value, &field, problems),
            ("messenger", value) => {
                member.messenger = messenger(value, &field, depth + 1, problems);
            }
            ("rules", Node::List(rules)) => {
                let rule = "must not be empty: left out, the route takes every request";
                problems.add_if(rules.is_empty(), &field, rule);
                for (index, value) in rules.iter().enumerate() {
                    let path = format!("{field}[{index}]");
                    member.rules.push(rule_of(value, &path, problems));
                }
            }
            ("rules", _) => problems.add(field, "must be a list"),
            (name, value) if CONDITIONS.contains(&name) => {
                if let Some(value) = text_of(value, &field, problems) {
                    own_rule.push((name.to_owned(), value));
                }
            }
            _ => problems.add(
                field,
                "is unknown here: a member has name, to, messenger, rules, kind, target and platform",
            ),
        }
    }
    if !table.iter().any(|(name, _)| name == "messenger") {
        problems.add(at(path, "messenger"), "is missing");
    }
    if !own_rule.is_empty() {
        member.rules.push(own_rule);
    }
    member
}

fn rule_of(value: &Node, path: &str, problems: &mut Problems) -> RuleConfig {
    let Node::Table(table) = value else {
        problems.add(path, "must be a table");
        return RuleConfig::new();
    };
    find_repeated(table, path, problems);
    problems.add_if(table.is_empty(), path, "must have a condition");
    let mut rule = RuleConfig::new();
    for (name, value) in table {
        // Which names there are is checked when it is connected, as for a text.
        if let Some(value) = text_of(value, &at(path, &shown(name)), problems) {
            rule.push((name.clone(), value));
        }
    }
    rule
}
