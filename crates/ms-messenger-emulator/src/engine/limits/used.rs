//! Used-up rates in the data file.

use serde::{Deserialize, Serialize};

/// How much of a rate is used up at a time.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct UsedRate {
    pub(crate) class: String,
    pub(crate) key: String,
    pub(crate) seconds: u64,
    /// What its bucket holds.
    pub(crate) units: u64,
    /// Epoch milliseconds.
    pub(crate) filled_at: u64,
}
