//! The times of rates: an interval of them is often less than a millisecond's multiple.

use std::time::{Duration, SystemTime};

/// Returns the nanoseconds since 1970; the latest that can be stored is in the year 2262.
pub(super) fn of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(i64::MAX)
}

/// Returns the time of so many nanoseconds since 1970; negative ones are 1970.
pub(super) fn to_time(nanos: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
}
