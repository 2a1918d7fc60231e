//! What was removed from a recording, filled in: with what the client and the emulator have in the
//! same place.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    record::{path, pseudonym::is_id, redactor::ORIGIN, words},
    replay::shape::format_of,
    wire::path::path_of,
};

/// The most identifiers that are known.
const MOST: usize = 10_000;
/// Shorter ones are too often equal by chance.
const SHORTEST: usize = 6;

/// What the identifiers of a recording are here. The first place that says so decides, so that
/// relations remain.
#[derive(Debug, Default)]
pub(crate) struct Identifiers {
    known: HashMap<String, String>,
}

impl Identifiers {
    /// Learns from two paths: what stands in the same place is the same thing.
    pub(crate) fn learn_path(&mut self, recorded: &str, here: &str) {
        let (recorded, here) = (path::ids(recorded), path::ids(here));
        if recorded.len() == here.len() {
            for (recorded, here) in recorded.into_iter().zip(here) {
                self.insert(recorded, here);
            }
        }
    }

    /// Learns from two responses to one request.
    pub(crate) fn learn(&mut self, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            (Value::String(recorded), Value::String(ours))
                if is_pseudonym(recorded)
                    && is_id(ours)
                    && format_of(ours) == format_of(recorded) =>
            {
                self.insert(recorded.clone(), ours.clone());
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                for (recorded, ours) in recorded.iter().zip(ours) {
                    self.learn(recorded, ours);
                }
            }
            (Value::Object(recorded), Value::Object(ours)) => {
                for (name, recorded) in recorded {
                    let is_of_people = words::is_text(name) || words::is_secret(name);
                    if let Some(ours) = ours.get(name).filter(|_| !is_of_people) {
                        self.learn(recorded, ours);
                    }
                }
            }
            _ => {}
        }
    }

    fn insert(&mut self, recorded: String, here: String) {
        if recorded.len() >= SHORTEST && self.known.len() < MOST {
            self.known.entry(recorded).or_insert(here);
        }
    }

    /// Fills in a recorded body, with what the emulator has in the same places.
    pub(crate) fn fill(&self, recorded: &mut Value, ours: Option<&Value>, origin: &str) {
        self.fill_member("", recorded, ours, origin);
    }

    fn fill_member(&self, member: &str, recorded: &mut Value, ours: Option<&Value>, origin: &str) {
        match recorded {
            Value::String(text) => {
                *text = self.text(member, text, ours.and_then(Value::as_str), origin);
            }
            Value::Array(items) => {
                for (n, item) in items.iter_mut().enumerate() {
                    self.fill_member(member, item, ours.and_then(|ours| ours.get(n)), origin);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    let ours = ours.and_then(|ours| ours.get(name));
                    self.fill_member(name, value, ours, origin);
                }
            }
            _ => {}
        }
    }

    /// Fills in one string; `ours` is the one in the same place.
    pub(crate) fn text(
        &self,
        member: &str,
        text: &str,
        ours: Option<&str>,
        origin: &str,
    ) -> String {
        let is_of_people = words::is_text(member) || words::is_secret(member);
        if is_of_people {
            return ours.unwrap_or(text).to_owned();
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if let Some(target) = text.strip_prefix(ORIGIN) {
            let shape = path::shape(path_of(target));
            let own = ours.filter(|ours| {
                let own = ours.strip_prefix(origin);
                own.is_some_and(|own| path::shape(path_of(own)) == shape)
            });
            // The query was removed, too.
            return own.map_or_else(|| format!("{origin}{}", self.target(target)), str::to_owned);
        }
        if text.starts_with('/') {
            return self.target(text);
        }
        let own = ours.filter(|ours| is_pseudonym(text) && format_of(ours) == format_of(text));
        own.unwrap_or(text).to_owned()
    }

    fn target(&self, target: &str) -> String {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let known = |id: &str| self.known.get(id).cloned().unwrap_or_else(|| id.to_owned());
        let made = path::with_encoded_ids(path, known);
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{made}{mark}{query}")
    }
}

/// Whether a recorded string stands for an identifier, by its form.
fn is_pseudonym(text: &str) -> bool {
    matches!(format_of(text), "string" | "guid" | "digits") && is_id(text)
}
