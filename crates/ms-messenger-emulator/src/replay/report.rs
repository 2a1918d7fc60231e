//! The report of a replay.

use serde::{Deserialize, Serialize};

use crate::replay::difference::ReplayDifference;

/// The document of `GET /_emulator/replay`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ReplayReport {
    /// Exchanges of the recording.
    pub exchanges: usize,
    /// Exchanges that responded to a request.
    pub replayed: usize,
    /// Exchanges that no request asked for yet.
    pub left: usize,
    /// Requests that the emulator responded to by itself: no exchange was left for their method and
    /// path.
    pub unmatched: u64,
    /// What differs, in the order in which it was found; each once.
    pub differences: Vec<ReplayDifference>,
    /// Differences beyond the first thousand, which are counted alone.
    pub omitted: u64,
}
