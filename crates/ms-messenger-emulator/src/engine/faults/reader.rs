//! Reads the members of a fault document, and collects its problems.

use std::fmt;

use serde_json::{Map, Value};

use crate::engine::description::Catalog;

/// Reads a fault document, and notes every problem on the way.
pub(super) struct Reader<'c> {
    /// The services that the document may name, with their operations and fault kinds.
    pub(super) catalog: Catalog<'c>,
    pub(super) problems: Vec<String>,
}

impl<'c> Reader<'c> {
    pub(super) const fn new(catalog: Catalog<'c>) -> Self {
        Self {
            catalog,
            problems: Vec::new(),
        }
    }

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
}

pub(super) fn join(path: &str, member: &str) -> String {
    if path == "$" {
        member.to_owned()
    } else {
        format!("{path}.{member}")
    }
}
