//! What is waited for after a send.

use std::{ffi::OsStr, time::Duration};

use clap::{
    Arg, Command,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
    error::Error,
};
use ms_messenger::DeliveryStatus;

use super::values::duration;
use crate::text;

/// How long is waited if no time is given.
const WAIT: Duration = Duration::from_secs(120);

/// Takes any word, and offers to completions what may come first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words;

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        word: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, word)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            ["delivered", "read"].map(PossibleValue::new).into_iter(),
        ))
    }
}

/// What is waited for, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitFor {
    /// Delivered or read.
    pub(crate) status: DeliveryStatus,
    pub(crate) at_most: Duration,
}

impl WaitFor {
    /// Reads `delivered` or `read`, and a time.
    ///
    /// # Errors
    ///
    /// The rule that is violated.
    pub(super) fn parse(words: &[String]) -> Result<Option<Self>, String> {
        let (status, rest) = match words {
            [] => return Ok(None),
            [first, rest @ ..] => (first.as_str(), rest),
        };
        let status = match status {
            "delivered" => DeliveryStatus::Delivered,
            "read" => DeliveryStatus::Read,
            _ => return Err(text::options::WAIT_FOR_OTHER.to_owned()),
        };
        let at_most = match rest {
            [] => WAIT,
            [time] => duration(time).map_err(|rule| text::options::wait_time(&rule))?,
            _ => return Err(text::usage::twice("--wait")),
        };
        Ok(Some(Self { status, at_most }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_a_time_are_read() {
        let parse = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            WaitFor::parse(&words)
        };
        let read = parse(&["read", "30s"]).unwrap().unwrap();
        assert_eq!(read.at_most, Duration::from_secs(30));
        assert_eq!(parse(&["delivered"]).unwrap().unwrap().at_most, WAIT);
        assert_eq!(parse(&[]), Ok(None));
        for words in [&["sent"][..], &["read", "-"], &["read", "1s", "read"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
