//! OData annotations such as `@odata.context` or `body@odata.type`: the only members of a message
//! that its type does not name.

use std::{fmt, marker::PhantomData};

use ms_messenger_core::json::{self, JsonError};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

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

/// The error about a member `name` that `T` does not have; with its path, which a flattened map
/// would lose.
fn unknown<T: DeserializeOwned>(name: String) -> Option<JsonError> {
    let alone = Value::from(Map::from_iter([(name, Value::Null)]));
    json::from_value::<T>(&alone).err()
}

/// The error about a member of a message that is neither one of its type nor an annotation.
pub(super) fn unknown_member(message: &Value) -> Option<JsonError> {
    let members = message.as_object().into_iter().flatten();
    let mut others = members.filter(|(name, _)| !is_annotation(name));
    others.find_map(|(name, _)| unknown::<OfMessage>(name.clone()))
}

/// Reads annotations and refuses every other member; the members of `T` have been read before.
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
