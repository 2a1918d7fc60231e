//! The first uses of idempotency keys.

use std::fmt::Display;

pub(crate) fn other_message(first_use: impl Display) -> String {
    format!(
        "--idempotency-key: was used for another message at {first_use}; use a new key for this one"
    )
}

pub(crate) fn not_stored(folder: impl Display, why: &str) -> String {
    format!(
        "the first use of the key cannot be stored in {folder}: {why}; give its time with \
         --first-sent"
    )
}

/// A stored key that cannot be read.
pub(crate) const DAMAGED: &str = "damaged";
