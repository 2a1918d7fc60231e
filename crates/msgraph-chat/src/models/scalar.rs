//! Times and flags, kept as they were read.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

/// A time in RFC 3339, kept to the letter: the service drops trailing zeros of fractions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Timestamp(String);

impl Timestamp {
    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The time, if the text is one in UTC.
    #[must_use]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[non_exhaustive]
pub struct Flags(String);

impl Flags {
    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The flags, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0
            .split(',')
            .map(str::trim)
            .filter(|flag| !flag.is_empty())
    }

    /// Whether `flag` is set; the service is not of one mind about the case.
    #[must_use]
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
    fn flags_are_told_apart_whatever_their_case() {
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
