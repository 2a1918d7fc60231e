//! Reading values that are told apart by `kind`, the unknown kinds kept whole.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// Reads a value: strictly when its kind is among `known`, as it is otherwise.
pub(super) fn read<'de, D: Deserializer<'de>, T>(
    input: D,
    known: &[&str],
    strict: fn(Value) -> Result<T, serde_json::Error>,
    other: fn(Value) -> T,
) -> Result<T, D::Error> {
    let value = Value::deserialize(input)?;
    match value.get("kind").and_then(Value::as_str) {
        Some(kind) if known.contains(&kind) => strict(value).map_err(D::Error::custom),
        Some(_) => Ok(other(value)),
        None => Err(D::Error::missing_field("kind")),
    }
}
