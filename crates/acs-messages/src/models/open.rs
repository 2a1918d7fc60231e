//! Reading values that are told apart by `kind`, the unknown kinds kept whole.

use ms_messenger_core::{JsonError, json};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// A value that is told apart by its `kind`.
pub(super) trait Open: Sized {
    /// The kinds that are read strictly.
    const KINDS: &'static [&'static str];

    /// Reads a value of a known kind.
    fn strict<'de, D: Deserializer<'de>>(input: D) -> Result<Self, D::Error>;

    /// Keeps a value of any other kind.
    fn other(value: Value) -> Self;
}

struct Strict<T>(T);

impl<'de, T: Open> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        T::strict(input).map(Self)
    }
}

/// Reads a value: strictly when its kind is known, as it is otherwise.
pub(super) fn read<'de, D: Deserializer<'de>, T: Open>(input: D) -> Result<T, D::Error> {
    let value = Value::deserialize(input)?;
    match value.get("kind").and_then(Value::as_str) {
        Some(kind) if T::KINDS.contains(&kind) => {
            let read = json::from_value::<Strict<T>>(&value);
            read.map(|it| it.0).map_err(JsonError::into_serde)
        }
        Some(_) => Ok(T::other(value)),
        None => Err(D::Error::missing_field("kind")),
    }
}
