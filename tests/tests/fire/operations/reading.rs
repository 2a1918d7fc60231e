//! States of a service that can be compared: without what differs between two equal ones.

use ms_messenger::http::OpenRequest;
use serde_json::{Value, json};

use super::scene::Scene;

/// Members that differ each time.
const VOLATILE: [&str; 12] = [
    "id",
    "etag",
    "version",
    "sequenceId",
    "webUrl",
    "nextLink",
    "messageId",
    "locale",
    "token",
    "chatMessageId",
    "replyToId",
    "resource",
];

/// Parts of texts with ids.
const IDS: [&str; 4] = ["19:", "://", "<attachment", "\"messageId\""];

/// Messages of the system: announcements of a change, which is seen itself.
const ANNOUNCEMENTS: [&str; 4] = [
    "topicUpdated",
    "participantAdded",
    "participantRemoved",
    "systemEventMessage",
];

/// What is at `paths`, whose names in braces are ids of the scene.
pub(crate) async fn read_all<C: Clone + Sync>(
    scene: &Scene<C>,
    request: impl Fn(&C, String) -> OpenRequest + Sync,
    paths: &[&str],
) -> Value {
    let mut all = Vec::new();
    for path in paths {
        let read = request(&scene.client, scene.path(path)).json().await;
        all.push(read.unwrap_or_else(|error| json!(format!("{:?}", error.kind()))));
    }
    // In their order, which an array does not keep.
    let all = all.into_iter().enumerate();
    all.map(|(n, read)| (n.to_string(), read)).collect()
}

/// The part of a response that is the same in two equal states.
pub(crate) fn stable(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(name, _)| !is_volatile(name));
            members.map(|(name, value)| (name, stable(value))).collect()
        }
        Value::Array(items) => {
            let items = items.into_iter().filter(|it| !is_announcement(it));
            let mut items: Vec<Value> = items.map(stable).collect();
            items.sort_by_key(Value::to_string);
            items.into()
        }
        Value::String(text) if IDS.iter().any(|it| text.contains(it)) => json!("(an id)"),
        other => other,
    }
}

fn is_volatile(name: &str) -> bool {
    let is_time = name.ends_with("DateTime") || name.ends_with("On") || name.ends_with("_at");
    is_time || name.starts_with("@odata.") || VOLATILE.contains(&name)
}

fn is_announcement(item: &Value) -> bool {
    let kind = [&item["type"], &item["messageType"]];
    kind.iter()
        .any(|kind| kind.as_str().is_some_and(|it| ANNOUNCEMENTS.contains(&it)))
}

/// Where two states differ, for the report of an error.
pub(crate) fn difference(one: &Value, other: &Value) -> String {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
            let names = a.keys().filter(|name| a.get(*name) != b.get(*name));
            let inner =
                names.map(|name| format!("{name}: {}", difference(&one[name], &other[name])));
            inner.collect::<Vec<_>>().join(", ")
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).filter(|(a, b)| a != b);
            let inner = pairs.map(|(a, b)| difference(a, b));
            inner.collect::<Vec<_>>().join(", ")
        }
        _ => format!("{one} for {other}"),
    }
}
