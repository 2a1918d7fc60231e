//! The shape of JSON: names of members, kinds of values, formats of strings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::record::{
    redactor::{ORIGIN, is_date},
    words,
};

/// What is compared of one place: all its values in one response together.
#[derive(Debug, Default)]
struct Place {
    /// Kinds of the values there, `null`, `date`, `object` …
    kinds: BTreeSet<String>,
    members: BTreeMap<String, Place>,
    items: Option<Box<Place>>,
}

/// A place, and what is there in each of two documents.
pub(crate) type Found = (String, String, String);

/// Where two documents differ in shape, each place by its path from `$`.
pub(crate) fn differences(recorded: &Value, ours: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    compare("$", &place(recorded), &place(ours), &mut found);
    found
}

fn place(value: &Value) -> Place {
    let mut place = Place::default();
    add(&mut place, "", value);
    place
}

fn add(place: &mut Place, member: &str, value: &Value) {
    place.kinds.insert(kind(member, value));
    match value {
        Value::Array(items) => {
            let inner = place.items.get_or_insert_default();
            for item in items {
                add(inner, member, item);
            }
        }
        Value::Object(members) if !words::is_map(member) => {
            for (name, value) in members {
                add(place.members.entry(name.clone()).or_default(), name, value);
            }
        }
        _ => {}
    }
}

/// The kind of a value. Texts of people have no format, and of codes the word itself counts.
fn kind(member: &str, value: &Value) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(text) if member == "code" && words::is_value(text) => {
            return format!("`{text}`");
        }
        Value::String(_) if words::is_text(member) || words::is_secret(member) => "string",
        Value::String(text) => format_of(text),
    };
    kind.to_owned()
}

/// The format of a string: `date`, `guid`, `address`, `digits`, `word` or `string`.
pub(crate) fn format_of(text: &str) -> &'static str {
    let starts = |all: &[&str]| all.iter().any(|start| text.starts_with(start));
    let is_guid = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
    if is_date(text) {
        "date"
    } else if is_guid {
        "guid"
    } else if starts(&["https://", "http://", ORIGIN]) {
        "address"
    } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        "digits"
    } else if words::is_value(text) {
        "word"
    } else {
        "string"
    }
}

fn compare(at: &str, recorded: &Place, ours: &Place, found: &mut Vec<Found>) {
    if recorded.kinds.is_disjoint(&ours.kinds) {
        return found.push((at.to_owned(), named(recorded), named(ours)));
    }
    let names: BTreeSet<&String> = recorded.members.keys().chain(ours.members.keys()).collect();
    for name in names {
        // The origin of a file is unknown, and a place is shown on a terminal.
        let shown = if words::is_name(name) { name } else { "{name}" };
        let at = format!("{at}.{shown}");
        match (recorded.members.get(name), ours.members.get(name)) {
            (Some(recorded), Some(ours)) => compare(&at, recorded, ours, found),
            (Some(recorded), None) => found.push((at, named(recorded), "absent".to_owned())),
            (_, ours) => {
                let ours = ours.map(named).unwrap_or_default();
                found.push((at, "absent".to_owned(), ours));
            }
        }
    }
    // Of an empty list nothing is known.
    let items = recorded.items.as_ref().zip(ours.items.as_ref());
    let items = items.filter(|(one, other)| !one.kinds.is_empty() && !other.kinds.is_empty());
    if let Some((recorded, ours)) = items {
        compare(&format!("{at}[]"), recorded, ours, found);
    }
}

fn named(place: &Place) -> String {
    let kinds: Vec<&str> = place.kinds.iter().map(String::as_str).collect();
    kinds.join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(recorded: &Value, ours: &Value) -> Vec<String> {
        let all = differences(recorded, ours).into_iter();
        all.map(|(at, recorded, ours)| format!("{at} {recorded}/{ours}"))
            .collect()
    }

    #[test]
    fn members_kinds_and_formats_are_compared() {
        let recorded = json!({"id": "1", "when": "2026-01-01T00:00:00Z", "error": {"code": "Forbidden"}, "more": 1,
            "list": [{"a": null}, {"a": 1, "b": true}], "content": "text removed"});
        let ours = json!({"id": "2", "when": 5, "error": {"code": "NotFound"}, "list": [{"a": "x"}],
            "content": "2026-01-01T00:00:00Z", "extra": []});
        assert_eq!(
            shown(&recorded, &ours),
            [
                "$.error.code `Forbidden`/`NotFound`",
                "$.extra absent/array",
                "$.list[].a null or number/string",
                "$.list[].b boolean/absent",
                "$.more number/absent",
                "$.when date/number",
            ]
        );
    }

    #[test]
    fn a_hostile_name_is_not_shown() {
        let recorded = json!({"\u{1b}[2J": 1, "a".repeat(10_000): 1});
        assert_eq!(shown(&recorded, &json!({})), ["$.{name} number/absent"; 2]);
    }

    #[test]
    fn other_values_of_one_shape_are_no_difference() {
        let recorded =
            json!({"id": "19:abc@thread.v2", "n": 1, "list": [], "metadata": {"a": "x"}});
        let ours = json!({"id": "19:x@thread.v2", "n": 2, "list": [{"a": 1}], "metadata": {}});
        assert_eq!(shown(&recorded, &ours), [""; 0]);
        assert_eq!(shown(&json!([]), &json!({})), ["$ array/object"]);
    }
}
