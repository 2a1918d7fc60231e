//! Times and durations in the stored form: RFC 3339 in UTC, and whole milliseconds.

use std::time::{Duration, SystemTime};

use ms_messenger_core::rfc3339;
use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _, ser::Error as _};

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    let text = rfc3339(*time);
    out.serialize_str(&text.ok_or_else(|| S::Error::custom("a time before 1970 or after 9999"))?)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(input)?;
    let time = humantime::parse_rfc3339(&text);
    time.map_err(|_| D::Error::custom("expected an RFC 3339 time, e.g. 2026-04-01T12:34:56Z"))
}

/// The same for a time that may be missing.
pub(crate) mod optional {
    use serde::Deserialize as _;

    use super::{Deserializer, Serializer, SystemTime};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, out),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(input)?;
        let read = |text: String| humantime::parse_rfc3339(&text).ok();
        match text {
            None => Ok(None),
            Some(text) => read(text).map(Some).ok_or_else(|| {
                serde::de::Error::custom("expected an RFC 3339 time, e.g. 2026-04-01T12:34:56Z")
            }),
        }
    }
}

/// Durations in whole milliseconds, rounded up.
pub(crate) mod millis {
    use serde::Deserialize as _;

    use super::{Deserializer, Duration, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &Duration, out: S) -> Result<S::Ok, S::Error> {
        let ms = time.as_nanos().div_ceil(1_000_000);
        out.serialize_u64(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
        u64::deserialize(input).map(Duration::from_millis)
    }
}

/// Returns the time as whole milliseconds since 1970; times before it are 0.
#[must_use]
pub(crate) fn to_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// Returns the time of so many milliseconds since 1970; negative ones are 1970.
#[must_use]
pub(crate) fn from_millis(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

/// Returns `time + by`, or the latest time that can be stored.
pub(crate) fn after(time: SystemTime, by: Duration) -> SystemTime {
    /// The last second of the year 9999.
    const LATEST: Duration = Duration::from_secs(253_402_300_799);
    let latest = SystemTime::UNIX_EPOCH + LATEST;
    time.checked_add(by).map_or(latest, |sum| sum.min(latest))
}

/// The longest duration: more than any process runs, and no overflow of a time.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How far the clocks of two machines may differ.
pub(crate) const SKEW: Duration = Duration::from_secs(60);

/// Whether a time that was the present one when it was noted lies ahead of `now` by more than clocks
/// differ anyway: the clock that showed it was ahead, or was set back since.
pub(crate) fn was_ahead(noted: SystemTime, now: SystemTime) -> bool {
    noted > after(now, SKEW)
}

/// Drops what a store does not keep: everything below a millisecond.
pub(crate) fn whole(time: SystemTime) -> SystemTime {
    from_millis(to_millis(time))
}

/// Returns the first time that a store can keep, no earlier than `time`.
pub(crate) fn whole_up(time: SystemTime) -> SystemTime {
    whole(after(time, Duration::from_nanos(999_999)))
}
