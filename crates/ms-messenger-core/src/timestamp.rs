//! Times in the JSON form: RFC 3339 in UTC, e.g. `2026-04-01T12:34:56.789Z`.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serializer, ser::Error as _};

use crate::json;

/// The last second of the year 9999, the last that RFC 3339 can write.
const LAST_SECOND: u64 = 253_402_300_799;

/// Formats `time` as RFC 3339 in UTC, e.g. `2026-04-01T12:34:56.789Z`. Returns `None` for a time
/// before 1970 or after 9999.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_core::rfc3339;
///
/// let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
/// assert_eq!(rfc3339(time).as_deref(), Some("1970-01-01T00:00:01Z"));
/// assert_eq!(rfc3339(time + Duration::from_secs(u64::MAX >> 2)), None);
/// ```
pub fn rfc3339(time: SystemTime) -> Option<String> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let fits = since.as_secs() <= LAST_SECOND;
    fits.then(|| humantime::format_rfc3339(time).to_string())
}

pub(crate) fn serialize<S: Serializer>(time: &SystemTime, out: S) -> Result<S::Ok, S::Error> {
    let text = rfc3339(*time);
    let text = text.ok_or_else(|| {
        S::Error::custom("a time before 1970 or after 9999 cannot be written as RFC 3339")
    })?;
    out.serialize_str(&text)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(input)?;
    humantime::parse_rfc3339(&text)
        .map_err(|_| json::expected("an RFC 3339 time, e.g. 2026-04-01T12:34:56Z"))
}

/// The same for a time that may be missing.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Serializer, SystemTime};

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
        #[derive(Deserialize)]
        struct Time(#[serde(with = "super")] SystemTime);
        Ok(Option::<Time>::deserialize(input)?.map(|time| time.0))
    }
}

/// The same for a time of a platform on which nothing depends: one that RFC 3339 cannot write
/// becomes the nearest that it can, so that the rest is not lost with it.
pub(crate) mod nearest {
    use super::{Deserializer, Duration, LAST_SECOND, Serializer, SystemTime, optional, rfc3339};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        let near = time.map(|time| match rfc3339(time) {
            Some(_) => time,
            None if time < SystemTime::UNIX_EPOCH => SystemTime::UNIX_EPOCH,
            None => SystemTime::UNIX_EPOCH + Duration::from_secs(LAST_SECOND),
        });
        optional::serialize(&near, out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        optional::deserialize(input)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Acceptance, Evidence, IdempotencyKey, Receipt};

    fn times() -> impl Strategy<Value = SystemTime> {
        let shift = (
            prop_oneof![Just(0_u64), any::<u64>(), 0..LAST_SECOND],
            0..1_000_000_000_u32,
        );
        (shift, any::<bool>()).prop_filter_map("beyond the clock", |((s, n), after)| {
            let shift = Duration::new(s, n);
            if after {
                SystemTime::UNIX_EPOCH.checked_add(shift)
            } else {
                SystemTime::UNIX_EPOCH.checked_sub(shift)
            }
        })
    }

    proptest! {
        #[test]
        fn no_time_makes_writing_panic_and_what_is_written_is_read(time in times()) {
            let written = rfc3339(time);
            let receipt = Receipt::new(Acceptance::Posted).with_accepted_at(time);
            let text = serde_json::to_string(&receipt).unwrap();
            let read: Receipt = serde_json::from_str(&text).unwrap();
            if written.is_some() {
                prop_assert_eq!(read.accepted_at, Some(time));
            }
            let key = IdempotencyKey::new(crate::random_uuid(), time);
            prop_assert_eq!(serde_json::to_string(&key).is_ok(), written.is_some());
            let doubt = Evidence::new(time);
            prop_assert_eq!(serde_json::to_string(&doubt).is_ok(), written.is_some());
            let _ = format!("{receipt:?} {key:?} {doubt:?}");
        }

        #[test]
        fn no_text_makes_reading_panic(text in ".{0,40}") {
            let json = serde_json::json!({"acceptance": "posted", "accepted_at": text});
            let _ = serde_json::from_value::<Receipt>(json);
        }
    }

    #[test]
    fn a_key_whose_time_cannot_be_written_is_an_error_that_says_so() {
        let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let key = IdempotencyKey::new(crate::random_uuid(), long_ago);
        let error = serde_json::to_string(&key).unwrap_err();
        assert!(error.to_string().contains("before 1970"), "{error}");
    }

    #[test]
    fn a_receipt_survives_an_absurd_time_of_the_platform() {
        let absurd = SystemTime::UNIX_EPOCH + Duration::from_millis(999_999_999_999_999);
        for (time, written) in [
            (absurd, "9999-12-31T23:59:59Z"),
            (
                SystemTime::UNIX_EPOCH - Duration::from_secs(9),
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let receipt = Receipt::new(Acceptance::Delivered).with_accepted_at(time);
            let json = serde_json::to_value(&receipt).unwrap();
            assert_eq!(json["accepted_at"], written);
        }
    }
}
