//! Which identifier of a recording is which one of the emulator, and of the client.

use std::collections::HashMap;

use serde_json::Value;

use crate::record::{
    path,
    pseudonym::is_id,
    redactor::{ORIGIN, is_date},
};

/// The most identifiers that are known.
const MOST: usize = 10_000;
/// Shorter ones are too often equal by chance.
const SHORTEST: usize = 6;

/// What the identifiers of a recording are elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Identifiers {
    /// Those of requests: the client has its own.
    of_client: HashMap<String, String>,
    /// Those of responses: the emulator has its own.
    of_services: HashMap<String, String>,
}

impl Identifiers {
    /// Learns from a path: what stands in the same place is the same thing.
    pub(crate) fn learn_path(&mut self, recorded: &str, asked: &str) {
        let (recorded, asked) = (path::ids(recorded), path::ids(asked));
        if recorded.len() == asked.len() {
            for (recorded, asked) in recorded.into_iter().zip(asked) {
                insert(&mut self.of_client, recorded, asked);
            }
        }
    }

    /// Learns from two responses to one request.
    pub(crate) fn learn(&mut self, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            (Value::String(recorded), Value::String(ours)) => {
                if is_identifier(recorded) && is_identifier(ours) {
                    insert(&mut self.of_services, recorded.clone(), ours.clone());
                }
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                for (recorded, ours) in recorded.iter().zip(ours) {
                    self.learn(recorded, ours);
                }
            }
            (Value::Object(recorded), Value::Object(ours)) => {
                for (name, recorded) in recorded {
                    if let Some(ours) = ours.get(name) {
                        self.learn(recorded, ours);
                    }
                }
            }
            _ => {}
        }
    }

    /// The target with the identifiers that the services know, if that is another one.
    pub(crate) fn target_of_services(&self, target: &str) -> Option<String> {
        let (asked, query) = target.split_once('?').unwrap_or((target, ""));
        let known = |id: &str| self.of_services.get(id);
        if !path::ids(asked).iter().any(|id| known(id).is_some()) {
            return None;
        }
        let made = path::with_encoded_ids(asked, |id| {
            known(id).cloned().unwrap_or_else(|| id.to_owned())
        });
        Some(if query.is_empty() {
            made
        } else {
            format!("{made}?{query}")
        })
    }

    /// Gives a body the identifiers that the services know. Whether any was replaced.
    pub(crate) fn body_of_services(&self, value: &mut Value) -> bool {
        replace(value, &|text| self.of_services.get(text).cloned())
    }

    /// Gives a recorded body the identifiers that the client knows, and the origin that it called.
    pub(crate) fn body_of_client(&self, value: &mut Value, origin: &str) {
        replace(value, &|text| {
            Some(self.text_of_client(text, origin)).filter(|made| made != text)
        });
    }

    /// The same for one string, an identifier or an address.
    pub(crate) fn text_of_client(&self, text: &str, origin: &str) -> String {
        if let Some(known) = self.of_client.get(text) {
            return known.clone();
        }
        let (start, target) = match text.strip_prefix(ORIGIN) {
            Some(target) => (origin, target),
            None if text.starts_with('/') => ("", text),
            None => return text.to_owned(),
        };
        let known = |id: &str| {
            self.of_client
                .get(id)
                .cloned()
                .unwrap_or_else(|| id.to_owned())
        };
        let (path, query) = target
            .split_once('?')
            .map_or((target, None), |(p, q)| (p, Some(q)));
        let made = path::with_encoded_ids(path, known);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{start}{made}{query}")
    }
}

fn insert(map: &mut HashMap<String, String>, recorded: String, other: String) {
    if recorded != other && recorded.len() >= SHORTEST && map.len() < MOST {
        map.insert(recorded, other);
    }
}

fn is_identifier(text: &str) -> bool {
    let has_digit = text.bytes().any(|b| b.is_ascii_digit());
    has_digit && is_id(text) && !is_date(text) && !text.contains("://") && !text.starts_with('/')
}

/// Replaces strings. Whether any was replaced.
fn replace(value: &mut Value, by: &impl Fn(&str) -> Option<String>) -> bool {
    match value {
        Value::String(text) => {
            let made = by(text);
            let is_replaced = made.is_some();
            if let Some(made) = made {
                *text = made;
            }
            is_replaced
        }
        Value::Array(items) => {
            let replaced = items.iter_mut().map(|item| replace(item, by));
            replaced.fold(false, |any, is_replaced| any | is_replaced)
        }
        Value::Object(members) => {
            let replaced = members.values_mut().map(|value| replace(value, by));
            replaced.fold(false, |any, is_replaced| any | is_replaced)
        }
        _ => false,
    }
}
