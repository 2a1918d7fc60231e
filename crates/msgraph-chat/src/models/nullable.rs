//! Lists for which the service may send null.

use serde::{Deserialize, Deserializer};

/// Reads a list; null is an empty one.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}
