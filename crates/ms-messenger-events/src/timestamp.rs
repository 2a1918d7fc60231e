//! Times of an event, kept to the letter.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

/// A time in RFC 3339 with any offset, kept to the letter.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ms_messenger_events::Timestamp;
///
/// let time = Timestamp::from("1970-01-01T01:00:01.5+01:00");
/// let expected = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
/// assert_eq!(time.to_system_time(), Some(expected));
/// assert_eq!(Timestamp::from("yesterday").to_system_time(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Returns the text as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time, if the text is one that this machine can represent.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let text = self.0.as_str();
        let (local, offset) = match text.char_indices().nth_back(5) {
            Some((at, sign @ ('+' | '-'))) => (&text[..at], Some((sign, &text[at + 1..]))),
            _ => (text.strip_suffix(['Z', 'z'])?, None),
        };
        let time = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
        let Some((sign, offset)) = offset else {
            return Some(time);
        };
        let (hours, minutes) = offset.split_once(':')?;
        let (hours, minutes) = (two_digits(hours, 23)?, two_digits(minutes, 59)?);
        let shift = Duration::from_secs(hours * 3600 + minutes * 60);
        if sign == '+' {
            return time.checked_sub(shift);
        }
        time.checked_add(shift)
    }
}

fn two_digits(text: &str, largest: u64) -> Option<u64> {
    let is_number = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = is_number.then(|| text.parse().ok())??;
    (number <= largest).then_some(number)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Timestamp;

    fn seconds(text: &str) -> Option<u64> {
        let time = Timestamp::from(text).to_system_time()?;
        let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }

    #[test]
    fn offsets_are_applied() {
        let expected = seconds("2021-02-20T01:07:10Z");
        assert!(expected.is_some());
        for text in [
            "2021-02-19T17:07:10.064-08:00",
            "2021-02-20T01:07:10.0644321+00:00",
            "2021-02-20T06:37:10+05:30",
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "2021-02-20T01:07:10",
            "2021-02-20T01:07:10+99:99",
            "2021-02-20T01:07:10++1:00",
            "2021-02-20T01:07:10.5+00:00+01:00",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = Timestamp::from(text.as_str()).to_system_time();
        }
    }
}
