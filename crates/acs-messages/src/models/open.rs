//! Wire enums that are distinguished by `kind` and keep unknown kinds unchanged.

use ms_messenger_core::{JsonError, json};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// An enum that is distinguished by its `kind`.
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

/// Reads a value: strictly when its kind is known, else as it is.
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

/// Implements serde's traits for an enum with `#[serde(remote = "Self", tag = "kind")]` and a
/// variant `Other(Value)`, whose known kinds are `$kinds`.
macro_rules! open_kinds {
    ($name:ident, $kinds:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    Self::Other(value) => serde::Serialize::serialize(value, serializer),
                    known => Self::serialize(known, serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                $crate::models::open::read(input)
            }
        }

        impl $crate::models::open::Open for $name {
            const KINDS: &'static [&'static str] = $kinds;

            fn strict<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Self::deserialize(input)
            }

            fn other(value: serde_json::Value) -> Self {
                Self::Other(value)
            }
        }
    };
}

pub(super) use open_kinds;
