//! The times of a run.

use std::time::{Duration, SystemTime};

/// The times of a run lie on whole hours, so that the times at which the stores make a change, half
/// an hour off, are equal to each other and to none of those.
pub(super) const GRID: Duration = Duration::from_secs(3600);

/// The first time of a run.
pub(super) fn start() -> SystemTime {
    crate::time::whole(SystemTime::now() - 10 * GRID - GRID / 2)
}
