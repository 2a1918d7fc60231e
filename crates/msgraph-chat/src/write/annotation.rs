//! OData's annotations, `@odata.context` or `body@odata.type`: the only members of a message beside
//! those of its type.

use std::{fmt, marker::PhantomData};

use ms_messenger_core::json::{self, JsonError};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::NewChatMessage;

/// The members of a message, for the error about any other.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "only their names count")]
struct OfMessage {
    subject: Option<IgnoredAny>,
    summary: Option<IgnoredAny>,
    importance: Option<IgnoredAny>,
    body: Option<IgnoredAny>,
    attachments: Option<IgnoredAny>,
    mentions: Option<IgnoredAny>,
    hosted_contents: Option<IgnoredAny>,
}

/// The members of a body, likewise.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "only their names count")]
struct OfBody {
    content_type: Option<IgnoredAny>,
    content: Option<IgnoredAny>,
}

pub(super) fn of_message<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Map<String, Value>, D::Error> {
    input.deserialize_map(Annotations::<OfMessage>(PhantomData))
}

pub(super) fn of_body<'de, D: Deserializer<'de>>(input: D) -> Result<Map<String, Value>, D::Error> {
    input.deserialize_map(Annotations::<OfBody>(PhantomData))
}

/// Whether `name` is that of an annotation, of the object itself or of one of its members.
fn is_annotation(name: &str) -> bool {
    let term = name.split_once('@').map(|(_, term)| term);
    let of = |vocabulary| term.is_some_and(|term| term.starts_with(vocabulary));
    of("odata.") || of("microsoft.graph.")
}

/// The error about a member `name`, unless it is one of `T`; with its path, which a flattened map
/// would lose.
fn unknown<T: DeserializeOwned>(name: String) -> Option<JsonError> {
    let alone = Value::from(Map::from_iter([(name, Value::Null)]));
    json::from_value::<T>(&alone).err()
}

/// Reads the JSON form of a message. A member that is not known comes before one that is missing.
pub(crate) fn read_message(payload: &Value) -> Result<NewChatMessage, JsonError> {
    let members = payload.as_object().into_iter().flatten();
    let mut others = members.filter(|(name, _)| !is_annotation(name));
    match others.find_map(|(name, _)| unknown::<OfMessage>(name.clone())) {
        Some(error) => Err(error),
        None => json::from_value(payload),
    }
}

/// Reads annotations and refuses every other member than those of `T`, which have been read
/// before.
struct Annotations<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Annotations<T> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if is_annotation(&name) {
                read.insert(name, members.next_value()?);
                continue;
            }
            return Err(match unknown::<T>(name) {
                Some(error) => error.into_serde(),
                None => A::Error::custom("a member that is given more than once"),
            });
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_member_is_named_with_its_path() {
        for (message, path) in [
            (serde_json::json!({"@odata.type": "t", "bogus": 1}), "bogus"),
            (
                serde_json::json!({"body": {"content": "x"}, "bogus": 1}),
                "bogus",
            ),
            (
                serde_json::json!({"body": {"content": "x", "bogus": 1}}),
                "body.bogus",
            ),
        ] {
            let error = read_message(&message).unwrap_err();
            assert_eq!(error.path, path, "{error}");
            assert!(
                error
                    .rule
                    .starts_with("a member that is not known: expected"),
                "{error}"
            );
        }
    }
}
