//! Times and flags, kept to the letter.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

/// A time in RFC 3339, kept to the letter: the service drops trailing zeros of fractions.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use msgraph_chat::models::Timestamp;
///
/// let time = Timestamp::from("1970-01-01T00:00:01.5Z");
/// let expected = SystemTime::UNIX_EPOCH + Duration::from_millis(1500);
/// assert_eq!(time.to_system_time(), Some(expected));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// Returns the text as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time, if the text is one in UTC.
    pub fn to_system_time(&self) -> Option<SystemTime> {
        parse_time(&self.0)
    }
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

pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok()
}

/// A set of flags: names joined by commas, in either case, kept to the letter.
///
/// ```
/// use msgraph_chat::models::Flags;
///
/// let flags = Flags::from("notifySender, BlockAccess");
/// assert!(flags.contains("blockAccess"));
/// assert_eq!(flags.iter().count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(String);

impl Flags {
    /// Returns the text as it was read.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Iterates over the flags.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0
            .split(',')
            .map(str::trim)
            .filter(|flag| !flag.is_empty())
    }

    /// Returns whether `flag` is set, without regard to case: the service is inconsistent about it.
    pub fn contains(&self, flag: &str) -> bool {
        self.iter().any(|set| set.eq_ignore_ascii_case(flag))
    }
}

impl From<&str> for Flags {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn hostile_times_and_flags_do_no_harm(
            text in ".*",
            time in "[0-9]{4,6}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{0,12})?(Z|[+][0-9]{2}:00)?",
        ) {
            for text in [text, time] {
                let _ = Timestamp::from(text.as_str()).to_system_time();
                let _ = Flags::from(text.as_str()).contains(&text);
            }
        }
    }

    #[test]
    fn flags_are_compared_without_regard_to_case() {
        let flags = Flags::from("AllowOverrideWithoutJustification, allowFalsePositiveOverride");
        assert!(flags.contains("allowOverrideWithoutJustification"));
        assert!(flags.contains("AllowFalsePositiveOverride"));
        assert!(!flags.contains("none"));
        assert_eq!(flags.iter().count(), 2);
    }

    #[test]
    fn a_time_is_kept_to_the_letter() {
        let time = Timestamp::from("2024-02-14T22:07:36.26Z");
        assert_eq!(time.as_str(), "2024-02-14T22:07:36.26Z");
        assert!(time.to_system_time().is_some());
        assert_eq!(Timestamp::from("soon").to_system_time(), None);
    }
}
