//! Properties that a user gives to messages, threads and participants.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::check::Check;

/// The published limit of the metadata of a thread or participant, in bytes.
const MAX_BYTES: usize = 1024;

/// Reads metadata: a value that is no text is kept as its JSON.
pub(super) fn read<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let members: Option<Map<String, Value>> = Option::deserialize(input)?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let members = members.into_iter().flatten();
    Ok(members.map(|(name, value)| (name, text(value))).collect())
}

/// Adds the problems of the metadata of a thread or participant, of which `parts` are the names
/// and values.
pub(super) fn find_problems<'a>(
    parts: impl IntoIterator<Item = (&'a String, Option<&'a String>)>,
    field: &str,
    check: &mut Check<'_>,
) {
    let (mut bytes, mut is_there) = (0, false);
    for (name, value) in parts {
        is_there = true;
        bytes += name.len() + value.map_or(0, String::len);
    }
    if is_there && !check.version.supports_thread_metadata() {
        check.unsupported(field);
    }
    if bytes > MAX_BYTES {
        let rule = format!("has {bytes} bytes of names and values, more than {MAX_BYTES}");
        check.broken.add(field, rule);
    }
}
