//! Times as the services write them.

use std::time::{Duration, SystemTime};

use serde::{Deserialize as _, Deserializer};
use serde_json::Value;

/// Longer times are not read: RFC 3339 with more digits than any service writes.
const MAX_TIME_BYTES: usize = 64;

/// Reads a time of an ACS service: RFC 3339 with up to nine decimals and any offset.
///
/// ```
/// use ms_messenger_http::acs::read_time;
///
/// let local = read_time("2022-05-04T00:48:37.7183177+02:00");
/// assert_eq!(local, read_time("2022-05-03T22:48:37.7183177Z"));
/// assert_eq!(read_time("soon"), None);
/// ```
#[must_use]
pub fn read_time(text: &str) -> Option<SystemTime> {
    if !text.is_ascii() || text.len() > MAX_TIME_BYTES {
        return None;
    }
    let (local, offset) = text.split_at(text.len().checked_sub("+00:00".len())?);
    let Some(offset) = read_offset(offset) else {
        return humantime::parse_rfc3339(text).ok();
    };
    if !local.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let local = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    let east = Duration::from_secs(offset.unsigned_abs());
    if offset >= 0 {
        local.checked_sub(east)
    } else {
        local.checked_add(east)
    }
}

/// Reads `+hh:mm` or `-hh:mm`, in seconds to the east.
fn read_offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let part = |part: &str, limit: i64| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        let number: i64 = digits.then(|| part.parse().ok())??;
        (number < limit).then_some(number)
    };
    Some(sign * (part(hours, 24)? * 3600 + part(minutes, 60)? * 60))
}

/// Reads a time that may be missing: `None` as well for one that cannot be read, which must not make
/// the rest of a response useless. For `#[serde(default, deserialize_with = "…")]`.
///
/// # Errors
///
/// Those of the input.
pub fn deserialize_time<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<SystemTime>, D::Error> {
    Ok(Value::deserialize(input)?.as_str().and_then(read_time))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn the_times_of_the_service_are_read_whatever_their_offset() {
        for (text, seconds, nanos) in [
            (
                "2022-05-03T22:48:37.7183177+00:00",
                1_651_618_117,
                718_317_700,
            ),
            ("2022-05-03T22:48:37Z", 1_651_618_117, 0),
            ("2022-05-04T00:48:37+02:00", 1_651_618_117, 0),
            ("2022-05-03T14:18:37.5-08:30", 1_651_618_117, 500_000_000),
        ] {
            assert_eq!(read_time(text), Some(at(seconds, nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_says_nothing() {
        for text in [
            "",
            "+00:00",
            "soon",
            "2022-05-03",
            "2022-13-03T22:48:37Z",
            "2022-05-03T22:48:37+24:00",
            "2022-05-03T22:48:37+0:000",
            "2022-05-03T22:48:37Z+00:00",
            "2022-05-03T22:48:37.é+00:00",
            "1970-01-01T00:00:00+99:99",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
        assert_eq!(
            read_time(&format!("2022-05-03T22:48:37.{}Z", "1".repeat(99))),
            None
        );
    }

    #[test]
    fn a_time_that_is_none_does_not_fail_a_response() {
        for (json, is_time) in [
            (r#""2022-05-03T22:48:37Z""#, true),
            ("null", false),
            ("7", false),
            (r#""soon""#, false),
            (r#"{"a":[]}"#, false),
        ] {
            let time = deserialize_time(&mut serde_json::Deserializer::from_str(json));
            assert_eq!(time.unwrap().is_some(), is_time, "{json}");
        }
    }

    proptest! {
        #[test]
        fn hostile_times_are_read_or_say_nothing(text in ".{0,40}", offset in "[+-][0-9]{2}:[0-9]{2}") {
            let _ = read_time(&text);
            let _ = read_time(&format!("{text}{offset}"));
            let _ = read_time(&format!("0000-01-01T00:00:00{offset}"));
            let _ = read_time(&format!("9999-12-31T23:59:59{offset}"));
        }
    }
}
